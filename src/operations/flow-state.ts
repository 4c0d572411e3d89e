import { AppError } from "../core/errors.ts";
import { cancelBroadcasts } from "../storage/broadcasts.ts";
import { removeFlow } from "../storage/flow-reads.ts";
import { type FlowStatus, setFlowState } from "../storage/flows.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { type FlowSummary, summarizeFlow } from "./flow-view.ts";
import { holdFlow } from "./flows.ts";
import { keepSchedules } from "./keep-schedules.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

type FlowInput = { id: string };

/** Lets nobody in until it is resumed. Live runs go on. */
export function pauseFlow(platform: Platform, caller: Caller, input: FlowInput): Promise<FlowSummary> {
  return changeState(platform, caller, { ...input, to: "paused", from: ["active"] });
}

/** Lets contacts in again, also into an archived flow that was published. */
export function resumeFlow(platform: Platform, caller: Caller, input: FlowInput): Promise<FlowSummary> {
  return changeState(platform, caller, { ...input, to: "active", from: ["paused", "archived"] });
}

/** Puts a flow away: it listens to nothing any more. Live runs go on. */
export function archiveFlow(platform: Platform, caller: Caller, input: FlowInput): Promise<FlowSummary> {
  return changeState(platform, caller, { ...input, to: "archived", from: ["draft", "active", "paused"] });
}

type StateChange = FlowInput & { to: FlowStatus; from: readonly FlowStatus[] };

/** A flow that is there already stays as it is: asking twice does no harm. */
async function changeState(platform: Platform, caller: Caller, { id, to, from }: StateChange): Promise<FlowSummary> {
  requireScope(caller, "flows:write");
  const now = platform.now();
  const changed = await platform.sql.begin(async (sql) => {
    const flow = await holdFlow(sql, caller.workspaceId, id);
    if (flow.status === to) return summarizeFlow(flow);
    const isUnpublished = to !== "archived" && flow.version === null;
    if (!from.includes(flow.status) || isUnpublished) {
      const why = isUnpublished ? "it was never published" : `it is ${flow.status}`;
      throw new AppError("invalid_state", `The flow cannot become ${to}: ${why}.`, { detail: { status: flow.status } });
    }
    await setFlowState(sql, { id: flow.id, status: to, version: null, now });
    await keepSchedules(sql, { ...flow, status: to }, { registry: platform.registry, now });
    if (to === "archived") await cancelBroadcasts(sql, { flowId: flow.id, reason: "flow_archived", now });
    await bumpRoutingRevision(sql, flow.workspaceId);
    return summarizeFlow({ ...flow, status: to, updatedAt: now });
  });
  platform.wake();
  return changed;
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
