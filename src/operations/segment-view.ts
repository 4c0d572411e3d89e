import { AppError } from "../core/errors.ts";
import { laneCount } from "../core/id.ts";
import type { Queryable } from "../storage/database.ts";
import {
  countBuilds,
  countMembersOf,
  findSegment,
  findSegmentByNumber,
  type SegmentRef,
  type SegmentRow,
} from "../storage/segments.ts";
import { knownId } from "./read-filter.ts";

/** A segment as callers see it. `progress` is the share of contacts that its definition was compared with: 1 when it is ready. */
export type SegmentView = Omit<SegmentRow, "workspaceId" | "state"> & {
  state: "building" | "ready";
  progress: number;
  members: number;
};

/** The segment that an id or a number names, or `segment_not_found`. */
export async function requireSegment(sql: Queryable, { workspaceId, id }: SegmentRef): Promise<SegmentRow> {
  const isNumber = /^[1-9]\d{0,14}$/.test(id);
  const segment = isNumber
    ? await findSegmentByNumber(sql, { workspaceId, number: Number(id) })
    : await findSegment(sql, { workspaceId, id: knownId(id, "segment_not_found") });
  if (!segment) throw new AppError("segment_not_found");
  return segment;
}

/** Segments of one workspace with their counts, from roll-ups. */
export async function viewSegments(sql: Queryable, rows: readonly SegmentRow[]): Promise<SegmentView[]> {
  const [first] = rows;
  if (!first) return [];
  const ids = rows.map(({ id }) => id);
  const building = rows.filter(({ state }) => state === "building").map(({ id }) => id);
  const [members, builds] = await Promise.all([
    countMembersOf(sql, { workspaceId: first.workspaceId, ids }),
    building.length === 0 ? new Map<string, number>() : countBuilds(sql, building),
  ]);
  return rows.map(({ workspaceId: _, state, ...segment }) => ({
    ...segment,
    state: state === "ready" ? "ready" : "building",
    progress: state === "ready" ? 1 : 1 - (builds.get(segment.id) ?? 0) / laneCount,
    members: members.get(segment.id) ?? 0,
  }));
}

/** The same for one. */
export async function viewSegment(sql: Queryable, row: SegmentRow): Promise<SegmentView> {
  const [view] = await viewSegments(sql, [row]);
  if (!view) throw new Error("A segment has no view.");
  return view;
}
