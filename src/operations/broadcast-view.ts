import type { PriorityName } from "../core/flow/priority.ts";
import { priorities } from "../core/flow/priority.ts";
import type { BroadcastRow } from "../storage/broadcasts.ts";

/** A broadcast as callers see it. `expected` is how many are in its list or segment, null when nobody has counted. */
export type BroadcastView = Pick<
  BroadcastRow,
  | "id"
  | "flowId"
  | "entry"
  | "cause"
  | "audience"
  | "variables"
  | "state"
  | "reason"
  | "createdBy"
  | "createdAt"
  | "endedAt"
> & {
  priority: PriorityName;
  window: { from: Date; to: Date } | null;
  counts: { expected: number | null; queued: number };
  nextAt: Date | null;
};

export function viewBroadcast(row: BroadcastRow): BroadcastView {
  const { id, flowId, entry, cause, audience, variables, state, reason, createdBy, createdAt, endedAt } = row;
  return {
    ...{ id, flowId, entry, cause, audience, variables, state, reason, createdBy, createdAt, endedAt },
    priority: nameOf(row),
    window: row.windowFrom && row.windowTo ? { from: row.windowFrom, to: row.windowTo } : null,
    counts: { expected: row.expected, queued: row.queued },
    nextAt: state === "running" ? row.nextAt : null,
  };
}

function nameOf({ priority }: BroadcastRow): PriorityName {
  const names = Object.keys(priorities) as PriorityName[];
  return names.find((name) => priorities[name] === priority) ?? "normal";
}
