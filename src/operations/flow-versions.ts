import { AppError } from "../core/errors.ts";
import type { FlowDefinition } from "../core/flow/definition.ts";
import { readCounts } from "../storage/counters.ts";
import { findFlowVersion } from "../storage/flow-reads.ts";
import { type FlowVersionRow, listFlowVersions } from "../storage/flows.ts";
import { requireFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

export type VersionSummary = Pick<FlowVersionRow, "version" | "publishedAt" | "publishedBy">;

/** The published versions of a flow, newest first. */
export async function listVersions(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<{ data: VersionSummary[]; nextCursor: null }> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const rows = await listFlowVersions(platform.sql, { workspaceId: caller.workspaceId, flowId: flow.id });
  return {
    data: rows.map(({ version, publishedAt, publishedBy }) => ({ version, publishedAt, publishedBy })),
    nextCursor: null,
  };
}

export type VersionView = VersionSummary & { flowId: string; definition: FlowDefinition };

/** One version with its definition. */
export async function getVersion(
  platform: Platform,
  caller: Caller,
  { id, version }: { id: string; version: number },
): Promise<VersionView> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const isNumber = Number.isInteger(version) && version > 0 && version <= (flow.version ?? 0);
  const row = isNumber ? await findFlowVersion(platform.sql, { flowId: flow.id, version }) : undefined;
  if (!row) throw new AppError("flow_version_not_found");
  const { workspaceId: _, ...view } = row;
  return view;
}

export type VersionCounts = {
  version: number;
  started: number;
  completed: number;
  exited: number;
  failed: number;
  cancelled: number;
  exits: Record<string, Record<string, number>>;
  /** Runs that reached each goal. */
  goals: Record<string, number>;
  /** Messages that a rule kept from going, by step and rule. */
  dropped: Record<string, Record<string, number>>;
};

/** How many runs each version started and ended, and how often each exit of each step was taken. */
export async function flowCounts(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<{ flowId: string; versions: VersionCounts[] }> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const versions = new Map<number, VersionCounts>();
  for (const { version, name, value } of await readCounts(platform.sql, {
    workspaceId: caller.workspaceId,
    subject: flow.id,
  })) {
    const counts = versions.get(version) ?? {
      version,
      started: 0,
      completed: 0,
      exited: 0,
      failed: 0,
      cancelled: 0,
      exits: {},
      goals: {},
      dropped: {},
    };
    versions.set(version, counts);
    addCount(counts, name, value);
  }
  return { flowId: flow.id, versions: [...versions.values()] };
}

/** Names that begin with `$` are ours; the others are a total, or a step and its exit. */
function addCount(counts: VersionCounts, name: string, value: number): void {
  const [first = "", second, third] = name.split(":");
  if (first === "$goal" && second !== undefined) counts.goals[second] = value;
  else if (first === "$dropped" && second !== undefined && third !== undefined)
    counts.dropped[second] = { ...counts.dropped[second], [third]: value };
  else if (second !== undefined) counts.exits[first] = { ...counts.exits[first], [second]: value };
  else if (isTotal(name)) counts[name] = value;
}

const totals = ["started", "completed", "exited", "failed", "cancelled"] as const;

function isTotal(name: string): name is (typeof totals)[number] {
  return (totals as readonly string[]).includes(name);
}
