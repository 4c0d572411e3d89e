import type { Json, JsonObject } from "../json.ts";
import type { Priority } from "./priority.ts";

export const liveStatuses = ["active", "waiting", "asking"] as const;
export const endedStatuses = ["completed", "exited", "failed", "cancelled"] as const;
export type RunStatus = (typeof liveStatuses)[number] | (typeof endedStatuses)[number];

/**
 * One contact's journey through one version of a flow. `visit` counts the steps entered so far.
 * active: due at `wakeAt`; waiting: asleep until `wakeAt`; asking: an effect is out and its answer wakes the run.
 */
export type Run = {
  id: string;
  lane: number;
  workspaceId: string;
  flowId: string;
  version: number;
  contactId: string;
  key: string | null;
  entry: string;
  status: RunStatus;
  step: string | null;
  visit: number;
  enteredAt: Date;
  wakeAt: Date | null;
  reason: string | null;
  eventId: string;
  eventName: string;
  eventAt: Date;
  event: JsonObject;
  vars: JsonObject;
  steps: JsonObject;
  startedAt: Date;
  endedAt: Date | null;
  priority: Priority;
  /** Flows in a row that led here without a pause. */
  depth: number;
};

/** One step of a run as the trail keeps it. */
export type TrailEntry = {
  visit: number;
  step: string;
  kind: string;
  enteredAt: string;
  at: string;
  outcome:
    | "went"
    | "waiting"
    | "asked"
    | "retrying"
    | "performed"
    | "ended"
    | "exited"
    | "failed"
    | "cancelled"
    | "moved"
    | "dropped";
  exit?: string;
  reason?: string;
  detail?: Json;
};

/** True while the run can still move. */
export function isLive(run: Run): boolean {
  return run.endedAt === null;
}

/** The run, ended: no step wakes it again. */
export function endRun(
  run: Run,
  status: "completed" | "exited" | "failed" | "cancelled",
  { now, reason }: { now: Date; reason: string | null },
): Run {
  return { ...run, status, reason, wakeAt: null, endedAt: now };
}
