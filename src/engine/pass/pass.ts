import type { EffectKind } from "../../core/flow/effect.ts";
import { type Priority, priorities } from "../../core/flow/priority.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { stopMessagesOf } from "../../operations/stop-messages.ts";
import { saveAdmissions } from "../../storage/admissions.ts";
import { nextChecks, removeChecks, saveChecks } from "../../storage/contact-checks.ts";
import { patchContacts } from "../../storage/contacts.ts";
import { insertConversions } from "../../storage/conversions.ts";
import { addCounts } from "../../storage/counters.ts";
import type { Sql, Transaction } from "../../storage/database.ts";
import { insertEventOutcomes } from "../../storage/event-outcomes.ts";
import { insertEvents, queueChanged, removeQueuedEvents } from "../../storage/events.ts";
import { lockLanes } from "../../storage/lanes.ts";
import { setMemberships } from "../../storage/memberships.ts";
import type { MessageKey } from "../../storage/message-reads.ts";
import { insertMessages } from "../../storage/messages.ts";
import { insertEffects, type OutboxRow, removeAnswered } from "../../storage/outbox.ts";
import { stopEffectsOfRuns } from "../../storage/outbox-changes.ts";
import { shareOf } from "../../storage/rows.ts";
import { insertRuns, nextWakes, updateRuns } from "../../storage/runs.ts";
import { insertSegmentMembers, removeSegmentMembers } from "../../storage/segment-members.ts";
import { insertSuppressions } from "../../storage/suppressions.ts";
import { writeTogether } from "../../storage/together.ts";
import { insertTrail } from "../../storage/trail.ts";
import { decideAbTests, writeTests } from "./ab-tests.ts";
import { type CollectContext, collect, type PassRows } from "./collect.ts";
import { countStarts, takeDailyRoom } from "./daily-room.ts";
import { setAside, writeAside } from "./hold.ts";
import { loadWork, type Taken, takeWork } from "./load.ts";

export type PassOptions = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  worker: string;
  /** The most events, runs and answers, of each sort, that one pass takes. */
  batch: number;
  /**
   * How many more effects of a kind and priority this process takes on, born leased to it; the rest wait in the outbox. Room for the less
   * urgent is part of the room for the more urgent.
   */
  capacity: (kind: EffectKind, priority: Priority) => number;
  onBug: CollectContext["onBug"];
};

/** Narrows a pass to one contact. In quarantine its work is not decided about: its runs end as failed, its events start nothing. */
export type OnlyContact = { contactId: string; quarantine: boolean };

/**
 * What a pass did. `busy` lanes have more work or were held by someone else, `failed` ones are to be tried again later; `effects` are
 * leased to this process.
 */
export type PassResult = {
  lanes: number[];
  busy: number[];
  failed?: number[];
  wakes: Map<number, Date>;
  effects: OutboxRow[];
  unleased: number;
  /** The most urgent priority among the effects that nobody holds yet. */
  urgent?: Priority;
  items: number;
};

/**
 * One pass over some lanes, in one transaction: locks those that nobody holds, takes what is due in them, decides, writes, commits.
 * No I/O but the database's happens inside, so nothing is leased and nobody waits for the outside world.
 */
export async function runPass(options: PassOptions, lanes: readonly number[], only?: OnlyContact): Promise<PassResult> {
  const perLane = Math.max(32, Math.ceil(options.batch / lanes.length));
  await decideAbTests(options.sql, options.flows, options.now());
  return options.sql.begin(async (sql) => {
    const held = await lockLanes(sql, lanes);
    const skipped = lanes.filter((lane) => !held.includes(lane));
    const nothing = { lanes: held, busy: skipped, wakes: new Map<number, Date>(), effects: [], unleased: 0, items: 0 };
    if (held.length === 0) return nothing;
    const now = options.now();
    const withChecks = options.flows.hasTimedSegments();
    const [all] = await Promise.all([takeWork(sql, held, { now, perLane, withChecks }), options.flows.refresh(sql)]);
    const { taken, aside } = setAside(only ? workOf(all, only.contactId) : all, options.flows);
    const items = countItems(taken);
    const { flows, onBug } = options;
    const daily = await takeDailyRoom(sql, taken, { flows, now });
    const quarantine = only?.quarantine ?? false;
    const rows =
      items === 0
        ? null
        : collect(await loadWork(sql, taken, { flows, now }), { flows, now, quarantine, room: daily.room, onBug });
    if (rows) await countStarts(sql, daily, rows.newRuns);
    const [, { leased, unleased }, next] = await Promise.all([
      writeAside(sql, aside),
      rows === null ? { leased: [], unleased: [] } : writePass(sql, { rows, taken, lane: held[0] ?? 0, now }, options),
      nextWakes(sql, held),
    ]);
    // After the writes, so that what this pass has foretold is among them.
    const checks = await checksToCome(sql, held, withChecks);
    const wakes = earliest([...next, ...checks]);
    return {
      lanes: held,
      busy: [...skipped, ...fullLanes(all, perLane), ...queuedLanes(rows)],
      wakes,
      effects: leased,
      unleased: unleased.length,
      ...(unleased[0] ? { urgent: unleased[0].priority } : {}),
      items,
    };
  });
}

async function checksToCome(sql: Transaction, lanes: readonly number[], withChecks: boolean) {
  return withChecks ? nextChecks(sql, lanes) : [];
}

function countItems({ events, due, answers, checks }: Taken): number {
  return events.length + due.length + answers.length + checks.length;
}

function workOf({ events, due, answers, checks }: Taken, contactId: string): Taken {
  const isTheirs = (item: { contactId: string }) => item.contactId === contactId;
  return {
    ...{ events: events.filter(isTheirs), due: due.filter(isTheirs), answers: answers.filter(isTheirs) },
    checks: checks.filter(isTheirs),
  };
}

function earliest(all: readonly { lane: number; wakeAt: Date }[]): Map<number, Date> {
  const wakes = new Map<number, Date>();
  for (const { lane, wakeAt } of all) {
    const known = wakes.get(lane);
    if (known === undefined || wakeAt < known) wakes.set(lane, wakeAt);
  }
  return wakes;
}

type Written = { rows: PassRows; taken: Taken; lane: number; now: Date };

async function writePass(
  sql: Transaction,
  { rows, taken, lane, now }: Written,
  { worker, capacity, flows }: PassOptions,
): Promise<{ leased: OutboxRow[]; unleased: OutboxRow[] }> {
  const effects = lease(rows.effects, { worker, capacity });
  const counts = [...rows.counts.values()].map((counted) => ({ ...counted, lane }));
  const shared = writeShared(sql, rows);
  // Before the effects of this pass are written, which are not to be stopped.
  const stopping = rows.stopped.length > 0 ? stopEffectsOfRuns(sql, rows.stopped) : [];
  const writes: Parameters<typeof writeTogether>[1][number][] = [];
  if (rows.newRuns.length > 0) writes.push(insertRuns(sql, rows.newRuns));
  if (rows.movedRuns.length > 0) writes.push(updateRuns(sql, rows.movedRuns));
  if (rows.trail.length > 0) writes.push(insertTrail(sql, rows.trail));
  if (effects.length > 0) writes.push(insertEffects(sql, effects));
  if (rows.messages.length > 0) writes.push(insertMessages(sql, rows.messages));
  if (rows.outcomes.length > 0) writes.push(insertEventOutcomes(sql, rows.outcomes));
  if (rows.admissions.length > 0) writes.push(saveAdmissions(sql, rows.admissions));
  if (rows.conversions.length > 0) writes.push(insertConversions(sql, rows.conversions));
  if (counts.length > 0) writes.push(addCounts(sql, counts));
  writes.push(...segmentWrites(sql, rows, taken));
  if (taken.events.length > 0) writes.push(removeQueuedEvents(sql, taken.events));
  if (taken.answers.length > 0) writes.push(removeAnswered(sql, taken.answers));
  const { tests } = rows;
  const hasTests = tests.participants.length + tests.wins.length > 0;
  const [stopped] = await Promise.all([
    stopping,
    ...shared,
    writeTogether(sql, writes),
    hasTests && writeTests(sql, tests, { lane, flows, now }),
  ]);
  await stopMessagesOf(sql, stoppedMessages(rows, stopped), now);
  return {
    leased: effects.filter(({ leasedBy }) => leasedBy !== null),
    unleased: effects.filter(({ leasedBy }) => leasedBy === null),
  };
}

/** Rows that ingest locks too, in its order; sent without waiting in between. */
function writeShared(sql: Transaction, rows: PassRows): Promise<unknown>[] {
  const shared: Promise<unknown>[] = [];
  if (rows.patches.length > 0) shared.push(patchContacts(sql, rows.patches));
  if (rows.memberships.length > 0) shared.push(setMemberships(sql, rows.memberships));
  if (rows.suppressions.length > 0) shared.push(insertSuppressions(sql, rows.suppressions));
  if (rows.events.length > 0) shared.push(insertEvents(sql, rows.events));
  for (const priority of Object.values(priorities)) {
    const changed = rows.changed.filter((contact) => contact.priority === priority);
    if (changed.length > 0) shared.push(queueChanged(sql, changed, priority));
  }
  return shared;
}

/** The messages that stopped runs had asked for, each with the reason why its run ended. */
function stoppedMessages(
  rows: PassRows,
  stopped: readonly { runId: string; messageId: string | null }[],
): (MessageKey & { reason: string })[] {
  const runs = new Map(rows.stopped.map((run) => [run.runId, run]));
  const earlier = stopped.flatMap(({ runId, messageId }) => {
    const run = runs.get(runId);
    return run && messageId !== null ? [{ ...run, id: messageId }] : [];
  });
  const withdrawn = rows.withdrawn.map((message) => ({
    ...message,
    reason: runs.get(message.runId)?.reason ?? "run_cancelled",
  }));
  return [...earlier, ...withdrawn];
}

function segmentWrites(sql: Transaction, { segmentChanges, checks }: PassRows, taken: Taken) {
  const entered = segmentChanges.filter((change) => change.entered);
  const left = segmentChanges.filter((change) => !change.entered);
  const again = new Set(checks.map(({ contactId }) => contactId));
  const over = taken.checks.filter(({ contactId }) => !again.has(contactId));
  return [
    ...(entered.length > 0 ? [insertSegmentMembers(sql, entered)] : []),
    ...(left.length > 0 ? [removeSegmentMembers(sql, left)] : []),
    ...(checks.length > 0 ? [saveChecks(sql, checks)] : []),
    ...(over.length > 0 ? [removeChecks(sql, over)] : []),
  ];
}

/** The effects, the urgent ones first, those for which there is room leased to this process. */
function lease(effects: readonly OutboxRow[], { worker, capacity }: Pick<PassOptions, "worker" | "capacity">) {
  const taken = new Map<EffectKind, number>();
  const inOrder = [...effects].sort((one, other) => one.priority - other.priority);
  return inOrder.map((effect) => {
    const before = taken.get(effect.kind) ?? 0;
    const hasRoom = before < capacity(effect.kind, effect.priority);
    if (hasRoom) taken.set(effect.kind, before + 1);
    return { leasedBy: hasRoom ? worker : null, ...effect };
  });
}

/** Lanes in which the pass itself has put something in line. */
function queuedLanes(rows: PassRows | null): number[] {
  const events = rows?.events.flatMap(({ lane, queued }) => (queued ? [lane] : [])) ?? [];
  return [...new Set([...events, ...(rows?.changed.map(({ lane }) => lane) ?? [])])];
}

/** Lanes of which as much of something was taken as may be, of all priorities or of the lowest: there is likely to be more. */
function fullLanes({ events, due, answers, checks }: Taken, perLane: number): number[] {
  const low = (item: { priority: Priority }) => item.priority === priorities.low;
  return [
    ...[events, due, answers, checks].flatMap((rows) => lanesWith(rows, perLane)),
    ...[events.filter(low), due.filter(low)].flatMap((rows) => lanesWith(rows, shareOf(perLane))),
  ];
}

function lanesWith(rows: readonly { lane: number }[], least: number): number[] {
  const counts = new Map<number, number>();
  for (const { lane } of rows) counts.set(lane, (counts.get(lane) ?? 0) + 1);
  return [...counts].flatMap(([lane, count]) => (count >= least ? [lane] : []));
}
