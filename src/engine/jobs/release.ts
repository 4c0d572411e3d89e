import { z } from "zod";
import { type Overdue, releaseJob, releaseParams } from "../../core/flow/overdue.ts";
import { laneCount } from "../../core/id.ts";
import { addDuration } from "../../core/time.ts";
import { cancelRuns } from "../../operations/end-runs.ts";
import { stopMessagesOf } from "../../operations/stop-messages.ts";
import type { Transaction } from "../../storage/database.ts";
import { setHold } from "../../storage/holds.ts";
import type { JobRow } from "../../storage/jobs.ts";
import { stopEffectsOfRuns } from "../../storage/outbox-changes.ts";
import {
  countHeldEffects,
  countParked,
  dropEffects,
  type Held,
  loadOutdated,
  loadParked,
  parkOverdue,
  releaseOutbox,
  wakeParked,
} from "../../storage/releases.ts";
import { loadRuns } from "../../storage/runs.ts";
import { bumpRoutingRevision } from "../../storage/workspaces.ts";
import type { Chunk, JobKind, Place } from "../jobs.ts";

const chunkSize = 1000;

// In this order in each lane. Every stage takes rows away from what the next one finds, so a stage can be begun anew at any time.
const stages = ["park", "end", "wake", "outbox", "done"] as const;
type Stage = (typeof stages)[number];

/** `total` and `awake`: how many runs are to be woken in the lane, and how many were. */
const cursorSchema = z
  .object({ stage: z.enum(stages), total: z.int().nullable().default(null), awake: z.int().default(0) })
  .nullable();
type Cursor = NonNullable<z.output<typeof cursorSchema>>;

/**
 * Lets a held flow go on: deals with what fell due meanwhile as the policy says. A first round over the lanes does the work, while passes leave
 * alone what was due by then; a second one picks up what a pass put aside that did not know yet.
 */
export const releaseRuns: JobKind = {
  name: releaseJob,
  chunk,
  async endPhase(sql, { flowId, workspaceId, phase }) {
    if (phase > 0 || flowId === null) return "done";
    await setHold(sql, { id: flowId, isHeld: false, heldBefore: null });
    await bumpRoutingRevision(sql, workspaceId);
    return "again";
  },
};

type Work = {
  held: Held;
  /** The lane's share of the lanes, so that lanes do not all begin at the same instant. */
  share: number;
  overdue: Overdue;
  before: Date;
  cursor: Cursor;
  now: Date;
};

async function chunk(sql: Transaction, job: JobRow, { lane, cursor: kept, now }: Place): Promise<Chunk> {
  const { overdue, before } = releaseParams.parse(job.params);
  const cursor = cursorSchema.parse(kept) ?? { stage: "park" as const, total: null, awake: 0 };
  const held = { lane, flowId: job.flowId ?? "", limit: chunkSize };
  const policy: Overdue = job.phase === 0 ? overdue : { policy: "run" };
  const work = { held, share: lane / laneCount, overdue: policy, before: new Date(before), now };
  return doStages(sql, work, cursor);
}

/** As many stages as a chunk has room for: most lanes have little to do. */
async function doStages(sql: Transaction, work: Omit<Work, "cursor">, begun: Cursor): Promise<Chunk> {
  let cursor = begun;
  let counts: Record<string, number> = {};
  for (let rows = 0; rows < chunkSize && cursor.stage !== "done"; ) {
    const staged = await stageWork[cursor.stage](sql, { ...work, cursor });
    const following = stages[stages.indexOf(cursor.stage) + 1] ?? "done";
    cursor = staged.isMore ? (staged.next ?? cursor) : { stage: following, total: null, awake: 0 };
    counts = { ...counts, ...staged.counts };
    rows += staged.isMore ? chunkSize : sum(Object.values(staged.counts));
  }
  return { cursor, counts, again: cursor.stage === "done" ? null : work.now };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

type Staged = { counts: Record<string, number>; isMore: boolean; next?: Cursor };

const stageWork: Record<Stage, (sql: Transaction, work: Work) => Promise<Staged>> = {
  async park(sql, { held, before }) {
    return { counts: {}, isMore: (await parkOverdue(sql, held, before)) === held.limit };
  },
  async end(sql, { held, overdue, now }) {
    if (overdue.policy !== "drop" && overdue.policy !== "newest") return { counts: {}, isMore: false };
    const runs = await (overdue.policy === "drop" ? loadParked(sql, held) : loadOutdated(sql, held));
    const ended = await end(sql, runs, {
      reason: `overdue_${overdue.policy === "drop" ? "dropped" : "replaced"}`,
      now,
    });
    return { counts: { ended }, isMore: runs.length === held.limit };
  },
  async wake(sql, work) {
    const { held, cursor } = work;
    const total = cursor.total ?? (await countParked(sql, held));
    const woken = await wakeParked(sql, held, paceOf(work, { total, done: cursor.awake }));
    return { counts: { woken }, isMore: woken === held.limit, next: { ...cursor, total, awake: cursor.awake + woken } };
  },
  async outbox(sql, work) {
    const { held, overdue, cursor, now } = work;
    if (overdue.policy === "drop") {
      const dropped = await drop(sql, held, now);
      if (dropped === held.limit) return { counts: { effectsDropped: dropped }, isMore: true };
    }
    const total = cursor.total ?? (await countHeldEffects(sql, held));
    const released = await releaseOutbox(sql, held, paceOf(work, { total, done: cursor.awake }));
    const next = { ...cursor, total, awake: cursor.awake + released };
    return { counts: { effectsReleased: released }, isMore: released === held.limit, next };
  },
  done: async () => ({ counts: {}, isMore: false }),
};

/** Later than `before` in any case: what is due by then is what passes put aside. */
function paceOf({ overdue, before, share }: Work, { total, done }: { total: number; done: number }) {
  const first = before.getTime() + 1;
  if (overdue.policy !== "spread" || total === 0) return { from: new Date(first), stepMs: 0 };
  const stepMs = (addDuration(before, overdue.over).getTime() - before.getTime()) / total;
  return { from: new Date(first + (done + share) * stepMs), stepMs };
}

async function end(
  sql: Transaction,
  runs: Awaited<ReturnType<typeof loadParked>>,
  { reason, now }: { reason: string; now: Date },
): Promise<number> {
  const stopped = await stopEffectsOfRuns(
    sql,
    runs.map(({ lane, id }) => ({ lane, runId: id })),
  );
  await cancelRuns(sql, runs, { reason, now });
  const contacts = new Map(runs.map(({ id, contactId }) => [id, contactId]));
  const messages = stopped.flatMap(({ runId, messageId }) =>
    messageId === null
      ? []
      : [{ lane: runs[0]?.lane ?? 0, contactId: contacts.get(runId) ?? "", id: messageId, reason }],
  );
  await stopMessagesOf(sql, messages, now);
  return runs.length;
}

/** Effects that were not begun are not done; a run that waits for one ends with it. */
async function drop(sql: Transaction, held: Held, now: Date): Promise<number> {
  const reason = "overdue_dropped";
  const effects = await dropEffects(sql, held);
  const messages = effects.flatMap(({ lane, contactId, messageId }) =>
    messageId === null ? [] : [{ lane, contactId, id: messageId, reason }],
  );
  await stopMessagesOf(sql, messages, now);
  const awaited = effects.filter((effect) => effect.awaited);
  const runs = awaited.length === 0 ? [] : await loadRuns(sql, keysOf(awaited));
  await cancelRuns(
    sql,
    runs.filter(({ endedAt }) => endedAt === null),
    { reason, now },
  );
  return effects.length;
}

function keysOf(effects: readonly { lane: number; runId: string }[]) {
  return effects.map(({ lane, runId }) => ({ lane, id: runId }));
}
