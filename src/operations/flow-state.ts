import { AppError } from "../core/errors.ts";
import { type Overdue, releaseJob } from "../core/flow/overdue.ts";
import { laneCount } from "../core/id.ts";
import { cancelBroadcasts } from "../storage/broadcasts.ts";
import type { Transaction } from "../storage/database.ts";
import { removeFlow } from "../storage/flow-reads.ts";
import { type FlowRow, type FlowStatus, setFlowState } from "../storage/flows.ts";
import { setHold } from "../storage/holds.ts";
import { cancelJobsOf, insertJob, lockJobsOf } from "../storage/jobs.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { type FlowSummary, requireFlow, summarizeFlow } from "./flow-view.ts";
import { holdFlow } from "./flows.ts";
import { keepSchedules } from "./keep-schedules.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

type FlowInput = { id: string };
export type PauseMode = "hold" | "drain";

/**
 * Lets nobody in until it is resumed. `drain`: live runs go on. `hold`: they stand still too, and what falls due waits for the resume;
 * the clocks of waits go on. A paused flow can be changed from one to the other.
 */
export function pauseFlow(
  platform: Platform,
  caller: Caller,
  { id, mode = "drain" }: FlowInput & { mode?: PauseMode | undefined },
): Promise<FlowSummary> {
  return changeState(platform, caller, {
    ...{ id, to: "paused", from: ["active", "paused"] },
    hold: mode === "hold" ? "begin" : { policy: "run" },
  });
}

/** Lets contacts in again, also into an archived flow that was published. `overdue`: what becomes of what fell due while it was held. */
export function resumeFlow(
  platform: Platform,
  caller: Caller,
  { id, overdue = { policy: "run" } }: FlowInput & { overdue?: Overdue | undefined },
): Promise<FlowSummary> {
  return changeState(platform, caller, { id, to: "active", from: ["paused", "archived"], hold: overdue });
}

/** Puts a flow away: it listens to nothing any more. Live runs go on, unless they are held. */
export function archiveFlow(platform: Platform, caller: Caller, input: FlowInput): Promise<FlowSummary> {
  return changeState(platform, caller, { ...input, to: "archived", from: ["draft", "active", "paused"], hold: null });
}

/** `hold`: begin it, end it by a policy, or leave it as it is (null). */
type StateChange = FlowInput & { to: FlowStatus; from: readonly FlowStatus[]; hold: "begin" | Overdue | null };

/** A flow that is there already stays as it is: asking twice does no harm. */
async function changeState(
  platform: Platform,
  caller: Caller,
  { id, to, from, hold }: StateChange,
): Promise<FlowSummary> {
  requireScope(caller, "flows:write");
  const now = platform.now();
  const changed = await platform.sql.begin(async (sql) => {
    // The job before the flow, in the order in which the job itself takes them.
    await holdRelease(sql, (await requireFlow(sql, caller.workspaceId, id)).id);
    const flow = await holdFlow(sql, caller.workspaceId, id);
    if (flow.status === to && !isHoldChanged(flow, hold)) return summarizeFlow(flow);
    const isUnpublished = to !== "archived" && flow.version === null;
    if ((flow.status !== to && !from.includes(flow.status)) || isUnpublished) {
      const why = isUnpublished ? "it was never published" : `it is ${flow.status}`;
      throw new AppError("invalid_state", `The flow cannot become ${to}: ${why}.`, { detail: { status: flow.status } });
    }
    await setFlowState(sql, { id: flow.id, status: to, version: null, now });
    await keepSchedules(sql, { ...flow, status: to }, { registry: platform.registry, now });
    if (to === "archived") await cancelBroadcasts(sql, { flowId: flow.id, reason: "flow_archived", now });
    const held = await changeHold(sql, flow, { hold, by: caller.name, now });
    await bumpRoutingRevision(sql, flow.workspaceId);
    return summarizeFlow({ ...flow, ...held, status: to, updatedAt: now });
  });
  platform.wake();
  // Every engine hears of the hold at once, whether or not its lanes have work.
  platform.signal(Array.from({ length: laneCount }, (_, lane) => lane));
  return changed;
}

function isHoldChanged({ isHeld }: FlowRow, hold: StateChange["hold"]): boolean {
  return hold !== null && isHeld !== (hold === "begin");
}

/** Holds the job that releases the flow, if there is one, so that it does not end meanwhile. */
function holdRelease(sql: Transaction, flowId: string): Promise<void> {
  return lockJobsOf(sql, { flowId, kind: releaseJob });
}

type HoldChange = { hold: StateChange["hold"]; by: string; now: Date };

async function changeHold(
  sql: Transaction,
  flow: FlowRow,
  { hold, by, now }: HoldChange,
): Promise<Pick<FlowRow, "isHeld" | "heldBefore">> {
  const { id, workspaceId, isHeld, heldBefore } = flow;
  if (hold === null || !isHoldChanged(flow, hold)) return { isHeld, heldBefore };
  const held = hold === "begin" ? { isHeld: true, heldBefore: null } : { isHeld: false, heldBefore: now };
  await setHold(sql, { id, ...held });
  await cancelJobsOf(sql, { flowId: id, kind: releaseJob, now });
  if (hold === "begin") return held;
  const params = { overdue: hold, before: now.toISOString() };
  await insertJob(sql, { id: newId(), workspaceId, flowId: id, kind: releaseJob, params, createdBy: by, now });
  return held;
}

/** Takes away a flow that was never published; others are archived, for runs and counts refer to them. */
export async function deleteFlow(platform: Platform, caller: Caller, { id }: FlowInput): Promise<{ id: string }> {
  requireScope(caller, "flows:write");
  return platform.sql.begin(async (sql) => {
    const flow = await holdFlow(sql, caller.workspaceId, id);
    if (flow.version !== null)
      throw new AppError("invalid_state", "The flow was published; archive it instead.", {
        detail: { status: flow.status },
      });
    await removeFlow(sql, flow.id);
    return { id: flow.id };
  });
}
