import { AppError, type Issue } from "../core/errors.ts";
import { validateFlow } from "../core/flow/validate.ts";
import { isUuid } from "../core/id.ts";
import type { Json } from "../core/json.ts";
import type { Queryable } from "../storage/database.ts";
import { type FlowRow, findFlow, findFlowByNumber } from "../storage/flows.ts";
import { listIncomingCalls } from "../storage/incoming-calls.ts";
import type { Platform } from "./platform.ts";

/** A flow as lists show it. `version` is the published one; null when there is none. */
export type FlowSummary = Omit<FlowRow, "workspaceId" | "draft" | "isHeld" | "heldBefore"> & {
  /** Whether the live runs of a paused flow stand still (hold) or go on (drain); null when it is not paused. */
  pauseMode: "hold" | "drain" | null;
  /** True while what fell due during a hold is being dealt with. */
  isReleasing: boolean;
};

/** A flow with its draft, what is wrong with the draft, and the tokens of its incoming calls. */
export type FlowView = FlowSummary & {
  definition: Json;
  issues: Issue[];
  incomingCalls: { entry: string; token: string }[];
};

/** A flow as lists show it. */
export function summarizeFlow({ workspaceId: _, draft: __, isHeld, heldBefore, ...flow }: FlowRow): FlowSummary {
  const drained = flow.status === "paused" ? "drain" : null;
  return { ...flow, pauseMode: isHeld ? "hold" : drained, isReleasing: heldBefore !== null };
}

/** A flow with everything about it. */
export async function viewFlow(
  { registry }: Pick<Platform, "registry">,
  sql: Queryable,
  flow: FlowRow,
): Promise<FlowView> {
  const validated = validateFlow(flow.draft, registry);
  const incomingCalls = await listIncomingCalls(sql, { workspaceId: flow.workspaceId, flowId: flow.id });
  const calls = incomingCalls.map(({ entry, token }) => ({ entry, token }));
  return {
    ...summarizeFlow(flow),
    definition: flow.draft,
    issues: validated.ok ? [] : validated.issues,
    incomingCalls: calls,
  };
}

/** Finds a flow by its id or by its number as text. Throws `flow_not_found`. */
export async function requireFlow(sql: Queryable, workspaceId: string, ref: string): Promise<FlowRow> {
  const flow = isUuid(ref) ? await findFlow(sql, { workspaceId, id: ref }) : await findByNumber(sql, workspaceId, ref);
  if (!flow) throw new AppError("flow_not_found");
  return flow;
}

async function findByNumber(sql: Queryable, workspaceId: string, ref: string): Promise<FlowRow | undefined> {
  return /^[1-9]\d{0,14}$/.test(ref) ? findFlowByNumber(sql, { workspaceId, number: Number(ref) }) : undefined;
}
