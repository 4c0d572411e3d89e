import { occurrenceName } from "../core/flow/occurrence-names.ts";
import type { Priority } from "../core/flow/priority.ts";
import type { EventRow } from "../storage/event-rows.ts";
import type { FlowCache } from "./flow-cache.ts";
import { newIdInLane } from "./new-id.ts";

/** A contact that has entered a segment, or left it. */
export type SegmentChange = {
  lane: number;
  contactId: string;
  workspaceId: string;
  segmentId: string;
  entered: boolean;
};

type Manner = { cause: "change" | "time" | "definition"; depth: number; priority: Priority; now: Date };

/** What changes of segments are to flows: an event for each that some flow listens to. */
export function segmentEvents(
  flows: FlowCache,
  changes: readonly SegmentChange[],
  { cause, depth, priority, now }: Manner,
): EventRow[] {
  return changes.flatMap(({ lane, contactId, workspaceId, segmentId, entered }) => {
    const name = entered ? occurrenceName.segmentEntered(segmentId) : occurrenceName.segmentLeft(segmentId);
    if (!flows.hears(workspaceId, name)) return [];
    return {
      ...{ lane, contactId, id: newIdInLane(lane), workspaceId, name, payload: { segment: segmentId, cause } },
      ...{ occurredAt: now, acceptedAt: now, source: "segment", client: null, targetFlowId: null, targetEntry: null },
      ...{ queued: true, depth, priority },
    };
  });
}
