import { Gatherer } from "../../operations/gather.ts";
import type { Sql } from "../../storage/database.ts";
import { insertMessageEvents } from "../../storage/message-events.ts";
import { updateMessages } from "../../storage/messages.ts";
import { answerEffects, finishEffects, retryEffects } from "../../storage/outbox.ts";
import { insertSandboxMessages } from "../../storage/sandbox-messages.ts";
import { insertTrail } from "../../storage/trail.ts";
import type { Settlement } from "./performer.ts";

export type SettlerOptions = {
  sql: Sql;
  worker: string;
  now: () => Date;
  onAnswers: (lanes: ReadonlySet<number>) => void;
};

/** The one writer of what came of effects: attempts that end while a batch is being written share the next one. */
export function createSettler(options: SettlerOptions): Gatherer<Settlement, undefined> {
  return new Gatherer({
    write: (batch) => settle(options, batch),
    maxBatch: 500,
    maxInFlight: 2,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
}

async function settle({ sql, worker, now, onAnswers }: SettlerOptions, batch: Settlement[]): Promise<undefined[]> {
  await sql.begin((transaction) => Promise.all(writes(transaction, batch, { worker, now: now() })));
  const answered = batch.filter(({ next }) => next.kind === "answer").map(({ effect }) => effect.lane);
  if (answered.length > 0) onAnswers(new Set(answered));
  return batch.map(() => undefined);
}

function writes(
  sql: Parameters<typeof insertTrail>[0],
  batch: Settlement[],
  { worker, now }: { worker: string; now: Date },
): Promise<void>[] {
  const answers = batch.flatMap(({ effect, next }) =>
    next.kind === "answer" ? [{ ...keyOf(effect), answer: next.answer }] : [],
  );
  const retries = batch.flatMap(({ effect, next }) =>
    next.kind === "retry" ? [{ ...keyOf(effect), attempt: next.attempt, dueAt: next.at }] : [],
  );
  const done = batch.flatMap(({ effect, next }) => (next.kind === "done" ? [keyOf(effect)] : []));
  const messages = batch.flatMap(({ message }) => message ?? []);
  const events = batch.flatMap(({ messageEvents }) => messageEvents ?? []);
  const sandbox = batch.flatMap((settlement) => settlement.sandbox ?? []);
  const trail = batch.flatMap(({ effect, trail: entry }) =>
    entry ? [{ lane: effect.lane, runId: effect.runId, seq: effect.visit, at: now, entries: [entry] }] : [],
  );
  return [
    ...(answers.length > 0 ? [answerEffects(sql, worker, answers)] : []),
    ...(retries.length > 0 ? [retryEffects(sql, worker, retries)] : []),
    ...(done.length > 0 ? [finishEffects(sql, worker, done)] : []),
    ...(messages.length > 0 ? [updateMessages(sql, messages)] : []),
    ...(events.length > 0 ? [insertMessageEvents(sql, events)] : []),
    ...(sandbox.length > 0 ? [insertSandboxMessages(sql, sandbox)] : []),
    ...(trail.length > 0 ? [insertTrail(sql, trail)] : []),
  ];
}

function keyOf({ lane, runId, visit, ordinal }: Settlement["effect"]) {
  return { lane, runId, visit, ordinal };
}
