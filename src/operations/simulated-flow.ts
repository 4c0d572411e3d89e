import { AppError, type Issue } from "../core/errors.ts";
import type { WorkspaceFacts } from "../core/flow/workspace-facts.ts";
import type { Json } from "../core/json.ts";
import { findFlowVersion } from "../storage/flow-reads.ts";
import { requireFlow } from "./flow-view.ts";
import type { Caller, Platform } from "./platform.ts";

/** The flow to simulate: its draft, or a version of it. */
export type SimulatedFlow = { id: string; version: number; definition: Json };

/** Finds the draft of a flow, or a version. Throws `flow_not_found` and `flow_version_not_found`. */
export async function requireDefinition(
  platform: Platform,
  caller: Caller,
  { id, version }: { id: string; version?: number | undefined },
): Promise<SimulatedFlow> {
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  if (version === undefined) return { id: flow.id, version: (flow.version ?? 0) + 1, definition: flow.draft };
  const row = await findFlowVersion(platform.sql, { flowId: flow.id, version });
  if (!row) throw new AppError("flow_version_not_found");
  return { id: flow.id, version, definition: row.definition as unknown as Json };
}

/** What flows see of the workspace of the caller. */
export async function requireWorkspace({ sql, flows }: Platform, { workspaceId }: Caller): Promise<WorkspaceFacts> {
  await flows.refresh(sql);
  const facts = flows.workspace(workspaceId);
  if (!facts) throw new Error(`There is no workspace ${workspaceId}.`);
  return facts;
}

/** Throws what is wrong with a simulation: `invalid_flow` when it is the flow, `invalid_request` when it is the story. */
export function refuseSimulation(issues: readonly Issue[]): never {
  const own = issues.filter(({ path }) => path.startsWith("flows[0]"));
  const plain = own.map((issue) => ({ ...issue, path: issue.path.replace(/^flows\[0\]\.?/, "") }));
  if (plain.length > 0) throw new AppError("invalid_flow", undefined, { issues: plain });
  throw new AppError("invalid_request", undefined, { issues: [...issues] });
}
