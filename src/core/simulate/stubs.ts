import { z } from "zod";
import { httpReasons } from "../http-request.ts";
import type { Json } from "../json.ts";
import { messageFeedback } from "../message/message-event.ts";

const name = z.string().min(1).max(200);
const latencyMs = z.int().min(0).max(86_400_000).default(0);
// What stands in for the network, which a body never gives.
const failures = z.enum(httpReasons.filter((reason) => reason !== "status"));

const httpAnswer = z.union([
  z.strictObject({ fail: failures, latencyMs }),
  z.strictObject({
    status: z.int().min(200).max(599).default(200),
    headers: z.record(z.string().max(200), z.string().max(10_000)).default({}),
    body: z.json().default({}),
    latencyMs,
  }),
]);

const httpStub = z
  .strictObject({
    flow: name.optional(),
    step: name.optional(),
    method: z.string().max(10).optional(),
    /** `*` stands for anything. */
    url: z.string().min(1).max(2000).optional(),
    answer: httpAnswer.optional(),
    /** One for each call of a contact in turn; the last one for all that follow. */
    answers: z.array(httpAnswer).min(1).max(100).optional(),
  })
  .refine(({ answer, answers }) => (answer === undefined) !== (answers === undefined), {
    error: "must have either answer or answers",
  });

const messageEvent = z.strictObject({
  type: z.enum(messageFeedback),
  /** Counted from the sending. */
  afterMs: z.int().min(0).max(31_622_400_000).default(0),
  link: z.string().max(2000).optional(),
});

const messageStub = z.strictObject({
  flow: name.optional(),
  step: name.optional(),
  /** `*` stands for anything. */
  to: z.string().min(1).max(320).optional(),
  fail: z.enum(["bounced", "failed", "held"]).optional(),
  events: z.array(messageEvent).max(20).default([]),
});

const testStub = z.strictObject({ flow: name.optional(), step: name, winner: name });

/** How the world answers in a simulation. The first stub that fits a call or a message is taken. */
export const stubsSchema = z.strictObject({
  http: z.array(httpStub).max(500).default([]),
  messages: z.array(messageStub).max(500).default([]),
  /** Winners of A/B tests, from the beginning. */
  tests: z.array(testStub).max(100).default([]),
});
export type Stubs = z.output<typeof stubsSchema>;
export type StubsInput = z.input<typeof stubsSchema>;
export type HttpStub = Stubs["http"][number];
export type HttpStubAnswer = z.output<typeof httpAnswer>;
export type MessageStub = Stubs["messages"][number];

/** What a call gets that no stub fits. */
export const defaultAnswer: HttpStubAnswer = { status: 200, headers: {}, body: {} as Json, latencyMs: 0 };

/** Where an effect comes from. */
export type StubPlace = { flow: string; step: string };

/** The stub of a call, if there is one. */
export function httpStubFor(
  { http }: Stubs,
  { flow, step, method, url }: StubPlace & { method: string; url: string },
): HttpStub | undefined {
  return http.find(
    (stub) =>
      isAt(stub, { flow, step }) &&
      (stub.method === undefined || stub.method.toUpperCase() === method) &&
      (stub.url === undefined || fits(stub.url, url)),
  );
}

/** The answer to call number `call` (from 0) under a stub. */
export function answerOf({ answer, answers }: HttpStub, call: number): HttpStubAnswer {
  return answer ?? answers?.[Math.min(call, answers.length - 1)] ?? defaultAnswer;
}

/** The winner that a stub gives a test, if there is one. */
export function winnerFor({ tests }: Stubs, place: StubPlace): string | undefined {
  return tests.find((stub) => isAt(stub, place))?.winner;
}

/** The stub of a message, if there is one. */
export function messageStubFor(
  { messages }: Stubs,
  { flow, step, to }: StubPlace & { to: string | null },
): MessageStub | undefined {
  return messages.find(
    (stub) => isAt(stub, { flow, step }) && (stub.to === undefined || (to !== null && fits(stub.to, to))),
  );
}

function isAt(stub: { flow?: string | undefined; step?: string | undefined }, { flow, step }: StubPlace): boolean {
  return (stub.flow === undefined || stub.flow === flow) && (stub.step === undefined || stub.step === step);
}

/** True when the text is the pattern with something in place of each `*`. Linear: a pattern may come from anyone. */
function fits(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return text === first;
  const last = rest.pop() ?? "";
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
