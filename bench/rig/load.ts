import { type Child, startChild } from "./child.ts";
import { apiKey } from "./server.ts";

/** What to send: bodies are numbered from `from`, and end after `seconds` or `count` of them, whichever is given. All bodies are ASCII. */
export type LoadQuestion = {
  port: number;
  method: string;
  path: string;
  key: string;
  connections: number;
  seconds: number | null;
  count: number | null;
  from: number;
  event: string;
  contacts: number;
  /** Events in a request; 0: a single event, not in an array. */
  batch: number;
  /** Whether events carry properties for their contact. */
  properties: boolean;
  /** Whose form the bodies have: our own, or that of SendPulse's event addresses, which take single events. */
  form: "staffetta" | "sendpulse";
};

/** `requests` were answered with a 2xx, `refused` with anything else. */
export type LoadAnswer = { requests: number; refused: number; seconds: number; firstRefusal: string | null };

export type Load = {
  run(question: Partial<LoadQuestion> & { port: number }): Promise<LoadAnswer>;
  close(): Promise<void>;
};

const defaults: Omit<LoadQuestion, "port"> = {
  method: "POST",
  path: "/v1/events",
  key: apiKey,
  connections: 64,
  seconds: null,
  count: null,
  from: 0,
  event: "order.placed",
  contacts: 50_000,
  batch: 0,
  properties: true,
  form: "staffetta",
};

/** The load generator, in a process of its own. `run` rejects when an answer was not a 2xx. */
export async function startLoad(): Promise<Load> {
  const child: Child<object> = await startChild("./load-process.js");
  return {
    async run(question) {
      const answer = await child.ask<LoadAnswer>({ ...defaults, ...question });
      if (answer.refused > 0)
        throw new Error(`${answer.refused} requests were refused, the first with: ${answer.firstRefusal}`);
      return answer;
    },
    close: child.close,
  };
}

/** The body of request number `index`. */
export function makeBody(
  question: Pick<LoadQuestion, "batch" | "event" | "contacts" | "properties" | "form">,
  index: number,
): string {
  if (question.form === "sendpulse") return sendpulseText(question, index);
  if (question.batch === 0) return eventText(question, index);
  const events = Array.from({ length: question.batch }, (_, item) =>
    eventText(question, index * question.batch + item),
  );
  return `{"events":[${events.join(",")}]}`;
}

/** The same event as the body of a call of SendPulse's address for it. */
function sendpulseText({ contacts }: Pick<LoadQuestion, "contacts">, number: number): string {
  const contact = (number * 7919) % contacts;
  return `{"email":"c${contact}@bench.example","orderId":"o-${number}","total":${number % 100},"currency":"EUR","event_date":"2026-05-28","items":[{"sku":"A-${number % 50}","count":2}]}`;
}

/** Event number `number` as JSON. Contacts come in an order that repeats but is not sorted. */
export function eventText(
  { event, contacts, properties }: Pick<LoadQuestion, "event" | "contacts" | "properties">,
  number: number,
): string {
  const contact = (number * 7919) % contacts;
  const known = properties ? `,"properties":{"firstName":"Name${contact}","plan":"p${number % 7}"}` : "";
  return `{"name":"${event}","contact":{"email":"c${contact}@bench.example"${known}},"payload":{"orderId":"o-${number}","total":${number % 100},"currency":"EUR","items":[{"sku":"A-${number % 50}","count":2}]}}`;
}
