import { nextChangeAt } from "../../core/condition/next-change.ts";
import { contactScope } from "../../core/contact.ts";
import { priorities } from "../../core/flow/priority.ts";
import { type CompiledSegment, compileSegments } from "../../core/segment/segment-set.ts";
import { withAllFacts } from "../../operations/contact-facts.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { segmentEvents } from "../../operations/segment-events.ts";
import { saveChecks } from "../../storage/contact-checks.ts";
import { addCounts } from "../../storage/counters.ts";
import type { Sql, Transaction } from "../../storage/database.ts";
import { insertEvents } from "../../storage/events.ts";
import { lockLane } from "../../storage/lanes.ts";
import {
  type Chunk,
  compareChunk,
  findUnfinished,
  finishBuild,
  loadChunk,
  measureChunk,
  noteBuilt,
  removeSomeMembers,
  takeBuild,
  type UnfinishedSegment,
} from "../../storage/segment-builds.ts";
import { loadWorkspaceSegments } from "../../storage/segments.ts";
import type { Round } from "../rounds.ts";

export type BuildOptions = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  /**
   * How many contacts of a lane one commit looks at. With 2000, a segment of 250 k among 1 M contacts is built in 14 s, and its lanes are held for
   * 23 ms at a time (95 % below 57 ms, at most 114 ms; two cores).
   */
  chunk: number;
  /** How long writers have to hear of a definition before it is built, in milliseconds. */
  graceMs: number;
  /** Called after a commit that put events in line. */
  onWork: (lanes: number[]) => void;
};

/**
 * One round of work on segments whose definition is new, or that are to be removed: one chunk, in one commit. A segment waits for those that it
 * looks at, and for writers who have not heard of it.
 */
export async function buildRound(options: BuildOptions): Promise<Round> {
  const unfinished = await findUnfinished(options.sql, options.graceMs);
  for (const segment of unfinished) {
    if (!segment.isKnown) continue;
    if (segment.state === "removing") await removeSomeMembers(options.sql, segment);
    else if (!(await buildChunk(options, segment))) continue;
    return { kind: "again" };
  }
  return unfinished.length > 0 ? { kind: "stuck" } : { kind: "rest", until: null };
}

/** The most lanes that one commit takes on, where lanes have few contacts. */
const lanesAtOnce = 16;

/** False when others have it in hand, or it has to wait. */
async function buildChunk(options: BuildOptions, { id, workspaceId }: UnfinishedSegment): Promise<boolean> {
  const built: Built = await options.sql.begin(async (sql) => {
    // Whoever redefines the segment waits for the lane that is taken here, so what is read next stays true until the commit.
    if (!(await takeBuild(sql, id))) return nothingBuilt;
    await options.flows.refresh(sql);
    const segment = await findReady(sql, { id, workspaceId });
    return segment ? buildLanes(sql, { segment, workspaceId }, options) : nothingBuilt;
  });
  if (built.withEvents.length > 0) options.onWork(built.withEvents);
  return built.lanes > 0 || finishBuild(options.sql, id);
}

type Built = { lanes: number; withEvents: number[] };
const nothingBuilt: Built = { lanes: 0, withEvents: [] };

/** Takes lanes, in order, until as many contacts were looked at as a commit may. One that others let go of meanwhile is left to the next commit. */
async function buildLanes(
  sql: Transaction,
  { segment, workspaceId }: Omit<ChunkWork, "chunk">,
  options: BuildOptions,
): Promise<Built> {
  const withEvents: number[] = [];
  let lanes = 0;
  let last = -1;
  let size = options.chunk;
  while (lanes < lanesAtOnce && size > 0) {
    const place = await takeBuild(sql, segment.id, last);
    if (!place) break;
    const { lane, after } = place;
    last = lane;
    await lockLane(sql, lane);
    const { count, end } = await measureChunk(sql, { lane, after, size });
    const chunk = { lane, after, end };
    if (count > 0 && (await writeChunk(sql, { segment, workspaceId, chunk }, options))) withEvents.push(lane);
    await noteBuilt(sql, { segmentId: segment.id, lane, end });
    lanes += 1;
    size -= count;
  }
  return { lanes, withEvents };
}

/** The segment, unless one that it looks at is being built. */
async function findReady(
  sql: Transaction,
  { id, workspaceId }: { id: string; workspaceId: string },
): Promise<CompiledSegment | undefined> {
  const rows = await loadWorkspaceSegments(sql, workspaceId);
  const { all } = compileSegments(rows);
  const building = new Set(rows.flatMap(({ id: other, state }) => (state === "building" ? [other] : [])));
  const segment = all.find((other) => other.id === id);
  const waits = segment && [...segment.reads.segments].some((other) => building.has(other));
  return waits ? undefined : segment;
}

type ChunkWork = { segment: CompiledSegment; workspaceId: string; chunk: Chunk };

/** Writes what the definition makes of a chunk. True when that put events in line. */
async function writeChunk(sql: Transaction, work: ChunkWork, { flows, now }: BuildOptions): Promise<boolean> {
  const { segment, workspaceId, chunk } = work;
  const { lane } = chunk;
  const at = now();
  const about = { workspaceId, segmentId: segment.id };
  const changes = await compareChunk(sql, { ...about, ...chunk, definition: segment.definition, now: at });
  const by = changes.reduce((sum, { entered }) => sum + (entered ? 1 : -1), 0);
  if (by !== 0) await addCounts(sql, [{ lane, workspaceId, subject: segment.id, version: 0, name: "members", by }]);
  if (segment.reads.isTimed) await foretell(sql, work, at);
  const events = segmentEvents(
    flows,
    changes.map((change) => ({ ...change, ...about, lane })),
    { cause: "definition", depth: 0, priority: priorities.low, now: at },
  );
  if (events.length > 0) await insertEvents(sql, events);
  return events.length > 0;
}

/** Notes for each contact of the chunk when time alone may change the answer. */
async function foretell(sql: Transaction, { segment, workspaceId, chunk }: ChunkWork, now: Date): Promise<void> {
  const rows = await loadChunk(sql, { ...chunk, workspaceId });
  const contacts = await withAllFacts(sql, rows, { reads: [segment.reads], now });
  const checks = contacts.flatMap((contact) => {
    const dueAt = nextChangeAt(segment.definition, { contact: contactScope(contact) }, now);
    return dueAt === null ? [] : [{ lane: contact.lane, contactId: contact.id, workspaceId, dueAt, isWhole: false }];
  });
  if (checks.length > 0) await saveChecks(sql, checks);
}
