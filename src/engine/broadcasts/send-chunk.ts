import type { CompiledEntry, CompiledFlow } from "../../core/flow/compile.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { JsonObject } from "../../core/json.ts";
import { requireVersion } from "../../operations/current-flow.ts";
import { newIdInLane } from "../../operations/new-id.ts";
import { type AudiencePart, countAudience, readAudience } from "../../storage/audience.ts";
import {
  type BroadcastRow,
  expectContacts,
  moveBroadcast,
  putOffBroadcast,
  removeBroadcast,
  setBroadcastState,
  takeBroadcast,
} from "../../storage/broadcasts.ts";
import type { ContactRow } from "../../storage/contacts.ts";
import type { Transaction } from "../../storage/database.ts";
import type { EventRow } from "../../storage/event-rows.ts";
import { insertEvents } from "../../storage/events.ts";
import { isLineLong } from "../../storage/line.ts";
import { type Allowance, spend, takeAllowance } from "./allowance.ts";
import type { BroadcastParts } from "./parts.ts";

/** What a chunk came to: contacts were put in line or looked at, the line was too long for more, or there was nothing to do. */
export type ChunkResult = "done" | "full" | "nothing";

export const chunkLimits = {
  /** The most contacts that one commit puts in line, and that it looks at to find them. */
  contacts: 1000,
  look: 20_000,
  /** How many starts, or effects of theirs, may wait in a lane before no more are put there. */
  line: 200,
  /** After so many failures in a row a broadcast is over. */
  failures: 10,
} as const;

const firstCursor = "00000000-0000-0000-0000-000000000000";

/**
 * Puts the next contacts of a broadcast in line, and moves its cursor, in one commit: whatever happens, each contact is put there once. A chunk that
 * fails is tried again later, and does not stop other broadcasts.
 */
export async function sendChunk(parts: BroadcastParts): Promise<ChunkResult> {
  const taken: { id?: string } = {};
  const lanes = new Set<number>();
  try {
    const result = await parts.sql.begin(async (sql) => {
      const now = parts.now();
      const broadcast = await takeBroadcast(sql, now);
      if (!broadcast) return "nothing";
      taken.id = broadcast.id;
      if (await isLineLong(sql, { priority: broadcast.priority, length: chunkLimits.line, now })) return "full";
      await parts.flows.refresh(sql);
      const flow = await requireVersion(sql, parts.flows, broadcast);
      for (const lane of await moveOn(sql, broadcast, { flow, flows: parts.flows, now })) lanes.add(lane);
      return "done";
    });
    if (lanes.size > 0) parts.onWork(lanes);
    return result;
  } catch (error) {
    if (taken.id === undefined) throw error;
    parts.onError(error, taken.id);
    await putOffBroadcast(parts.sql, { id: taken.id, limit: chunkLimits.failures, now: parts.now() });
    return "done";
  }
}

type Context = Pick<BroadcastParts, "flows"> & { flow: CompiledFlow; now: Date };

/** The lanes in which there is something in line now. */
async function moveOn(sql: Transaction, broadcast: BroadcastRow, context: Context): Promise<number[]> {
  const { flow, now } = context;
  const { id } = broadcast;
  const entry = flow.entries.find(({ name }) => name === broadcast.entry);
  if (!entry) {
    await setBroadcastState(sql, { id, state: "failed", reason: "entry_missing", now });
    return [];
  }
  if (broadcast.cursor === firstCursor && broadcast.expected === null) await expect(sql, broadcast);
  const allowance = await takeAllowance(sql, flow, { most: chunkLimits.contacts, now });
  if (allowance.limit === 0) {
    await moveBroadcast(sql, { id, cursor: broadcast.cursor, queued: 0, nextAt: allowance.from, now });
    return [];
  }
  const part = await read(sql, broadcast, { ...context, entry, limit: allowance.limit });
  const events = eventsOf(part.contacts, broadcast, { ...context, entry });
  if (events.length > 0) await insertEvents(sql, events);
  await save(sql, broadcast, { part, events, allowance, entry, now });
  return events.map(({ lane }) => lane);
}

async function expect(sql: Transaction, broadcast: BroadcastRow): Promise<void> {
  const expected = await countAudience(sql, broadcast);
  if (expected !== null) await expectContacts(sql, broadcast.id, expected);
}

type Reading = Context & { entry: CompiledEntry };

function read(
  sql: Transaction,
  broadcast: BroadcastRow,
  { entry, flows, now, limit }: Reading & { limit: number },
): Promise<AudiencePart> {
  const { workspaceId, audience, cursor: after } = broadcast;
  const window = windowOf(broadcast, flows);
  const dates = (window && entry.kind.schedule?.picks?.among(entry.config, window)) ?? null;
  return readAudience(sql, { workspaceId, audience, dates, after, limit, look: chunkLimits.look, now });
}

/** The span a broadcast makes up for; null when it was not the clock that started it. */
function windowOf({ workspaceId, windowFrom, windowTo }: BroadcastRow, flows: Context["flows"]) {
  if (!(windowFrom && windowTo)) return null;
  return { from: windowFrom, to: windowTo, timeZone: flows.workspace(workspaceId)?.timeZone ?? "UTC" };
}

function eventsOf(
  contacts: readonly ContactRow[],
  broadcast: BroadcastRow,
  { entry, flows, now }: Reading,
): EventRow[] {
  const window = windowOf(broadcast, flows);
  const picks = window && entry.kind.schedule?.picks;
  return contacts.flatMap((contact) => {
    const payload = picks ? picks.pick(entry.config, { ...contact, lists: {} }, window) : broadcast.variables;
    return payload === null ? [] : [eventOf(contact, broadcast, { payload, now })];
  });
}

function eventOf(
  { lane, id: contactId, workspaceId }: ContactRow,
  { id, flowId, entry, cause, priority }: BroadcastRow,
  { payload, now }: { payload: JsonObject; now: Date },
): EventRow {
  return {
    lane,
    contactId,
    id: newIdInLane(lane),
    workspaceId,
    name: occurrenceName.start(flowId),
    payload,
    occurredAt: now,
    acceptedAt: now,
    source: "broadcast",
    client: { broadcast: id, cause },
    targetFlowId: flowId,
    targetEntry: entry,
    queued: true,
    priority,
  };
}

type Sent = { part: AudiencePart; events: EventRow[]; allowance: Allowance; entry: CompiledEntry; now: Date };

async function save(
  sql: Transaction,
  { id, flowId, queued, cursor }: BroadcastRow,
  { part, events, allowance, entry, now }: Sent,
): Promise<void> {
  const nextAt = await spend(sql, { flowId, allowance, starts: events.length });
  await moveBroadcast(sql, { id, cursor: part.cursor ?? cursor, queued: events.length, nextAt, now });
  if (part.cursor !== null) return;
  const isNobody = queued + events.length === 0 && entry.kind.schedule?.picks !== undefined;
  if (isNobody) await removeBroadcast(sql, id);
  else await setBroadcastState(sql, { id, state: "done", reason: null, now });
}
