import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import { apiKey } from "../rig/server.ts";
import type { Random } from "./random.ts";
import { stories } from "./stories.ts";
import { type Story, sequelMark } from "./story.ts";

/** An event as it was sent: `key` is in its payload; `isFirst` when it starts a run of the story. */
export type SentEvent = { name: string; key: string; number: number; story: Story; isFirst: boolean };

/** What came of a round's load: acknowledged events by the id that the server gave them, and how often a request had to be repeated. */
export type Loaded = { acknowledged: Map<string, SentEvent>; retries: number; gaveUp: SentEvent[] };

export type LoadOptions = {
  round: number;
  ports: readonly number[];
  random: Random;
  /** New requests are begun until then; those begun are repeated until they are answered. */
  stopped: () => boolean;
};

const clients = 12;
const givenUpAfterMs = 60_000;

type Shared = LoadOptions & Loaded & { agent: Agent; nextNumber: number };

/** Sends events with known keys, single and in batches, and repeats each request with the same Idempotency-Key until it is answered. */
export async function loadEvents(options: LoadOptions): Promise<Loaded> {
  const agent = new Agent({ connections: clients, pipelining: 1, headersTimeout: 15_000 });
  const shared: Shared = { ...options, acknowledged: new Map(), retries: 0, gaveUp: [], agent, nextNumber: 0 };
  await Promise.all(Array.from({ length: clients }, () => runClient(shared)));
  await agent.destroy();
  const { acknowledged, retries, gaveUp } = shared;
  return { acknowledged, retries, gaveUp };
}

async function runClient(shared: Shared): Promise<void> {
  while (!shared.stopped()) {
    const size = shared.random.next() < 0.3 ? Math.ceil(shared.random.between(1, 20)) : 1;
    const events = Array.from({ length: size }, () => newEvent(shared));
    await sendUntilAnswered(shared, events);
    const sequels = events.flatMap(sequelOf);
    if (sequels.length > 0) {
      await delay(shared.random.between(0, 300));
      await sendUntilAnswered(shared, sequels);
    }
    await delay(shared.random.between(0, 20));
  }
}

function newEvent(shared: Shared): SentEvent {
  shared.nextNumber += 1;
  const { round, nextNumber: number } = shared;
  const story = shared.random.pick(stories);
  return { name: story.event, key: `r${round}-${number}`, number, story, isFirst: true };
}

/** Which way the events of a number go. */
export function variantOf({ number }: SentEvent): number {
  return number % 4;
}

/** What follows an event that was acknowledged. */
function sequelOf(event: SentEvent): SentEvent[] {
  const name = event.story.sequel?.(variantOf(event)) ?? null;
  return name === null ? [] : [{ ...event, name, key: `${event.key}${sequelMark}`, isFirst: false }];
}

async function sendUntilAnswered(shared: Shared, events: SentEvent[]): Promise<void> {
  const startedAt = performance.now();
  const idempotencyKey = `crash-${events[0]?.key}`;
  while (performance.now() - startedAt < givenUpAfterMs) {
    const ids = await send(shared, events, idempotencyKey);
    if (ids !== null) {
      ids.forEach((id, index) => {
        const event = events[index];
        if (event) shared.acknowledged.set(id, event);
      });
      return;
    }
    shared.retries += 1;
    await delay(shared.random.between(20, 120));
  }
  shared.gaveUp.push(...events);
}

/** The ids of the events, or null when there was no answer, or one that asks to come again. */
async function send(
  { agent, ports, random, round }: Shared,
  events: SentEvent[],
  idempotencyKey: string,
): Promise<string[] | null> {
  const bodies = events.map((event) => bodyOf(event, round));
  const isSingle = bodies.length === 1;
  const url = `http://127.0.0.1:${random.pick(ports)}/v1/events${isSingle ? "" : "/batch"}`;
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${apiKey}`,
    "idempotency-key": idempotencyKey,
  };
  const body = JSON.stringify(isSingle ? bodies[0] : { events: bodies });
  let answer: { status: number; text: string };
  try {
    const { statusCode, body: stream } = await request(url, { dispatcher: agent, method: "POST", headers, body });
    answer = { status: statusCode, text: await stream.text() };
  } catch {
    // The server died, or is not back yet: that is what this test does.
    return null;
  }
  if (answer.status === 202) return idsIn(answer.text, isSingle);
  if (answer.status >= 500 || answer.status === 429) return null;
  throw new Error(`The server answered ${answer.status}: ${answer.text}`);
}

function idsIn(text: string, isSingle: boolean): string[] {
  if (isSingle) return [(JSON.parse(text) as { eventId: string }).eventId];
  const { results } = JSON.parse(text) as { results: { status: string; eventId: string }[] };
  const refused = results.find(({ status }) => status !== "accepted");
  if (refused) throw new Error(`An event of a batch was not accepted: ${JSON.stringify(refused)}`);
  return results.map(({ eventId }) => eventId);
}

function bodyOf(event: SentEvent, round: number) {
  const { name, key, number } = event;
  // A few contacts get many events, most get one.
  const contact = number % 5 === 0 ? `busy${number % 4}` : `c${number}`;
  const payload = { key, story: key.replace(sequelMark, ""), number, variant: variantOf(event) };
  return { name, contact: { email: `${contact}.r${round}@crash.example` }, payload };
}
