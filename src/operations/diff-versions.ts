import { AppError } from "../core/errors.ts";
import { diffFlows, type FlowDiff } from "../core/flow/diff-flows.ts";
import type { Json } from "../core/json.ts";
import { findFlowVersion } from "../storage/flow-reads.ts";
import type { FlowRow } from "../storage/flows.ts";
import { requireFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

export type VersionRef = number | "draft";

/** What differs between two versions of a flow, or between one and the draft. Throws `flow_version_not_found`. */
export async function diffVersions(
  platform: Platform,
  caller: Caller,
  { id, from, to }: { id: string; from: VersionRef; to: VersionRef },
): Promise<{ flowId: string; from: VersionRef; to: VersionRef } & FlowDiff> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const [before, after] = await Promise.all([definitionOf(platform, flow, from), definitionOf(platform, flow, to)]);
  return { flowId: flow.id, from, to, ...diffFlows(before, after) };
}

/** The definition of a version as it is stored, or the draft as a publish would store it when it is sound. */
export async function definitionOf({ sql }: Pick<Platform, "sql">, flow: FlowRow, ref: VersionRef): Promise<Json> {
  if (ref === "draft") return flow.draft;
  const row = await findFlowVersion(sql, { flowId: flow.id, version: ref });
  if (!row) throw new AppError("flow_version_not_found", `The flow has no version ${ref}.`);
  return row.definition as unknown as Json;
}
