import { AppError } from "../core/errors.ts";
import type { CompiledFlow } from "../core/flow/compile.ts";
import { type StepCounts, stepCounts } from "../core/flow/counts.ts";
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

const totals = ["started", "retried", "completed", "exited", "failed", "cancelled", "movedIn", "movedOut"] as const;

/** `exits`: how often each exit of each step was taken. `steps`: who came, who stands there now, and how the others went on. */
export type VersionCounts = Record<(typeof totals)[number], number> & {
  version: number;
  live: number;
  exits: Record<string, Record<string, number>>;
  /** Runs that reached each goal. */
  goals: Record<string, number>;
  /** Messages that a rule kept from going, by step and rule. */
  dropped: Record<string, Record<string, number>>;
  /** What became of messages, by step: sent, delivered, opened, clicked, bounced, failed, held. */
  messages: Record<string, Record<string, number>>;
  steps: Record<string, StepCounts>;
};

/** How many runs each version started and ended, and where they stand, by the roll-ups. */
export async function flowCounts(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<{ flowId: string; versions: VersionCounts[] }> {
  requireScope(caller, "flows:read");
  const { id: flowId } = await requireFlow(platform.sql, caller.workspaceId, id);
  const rows = await readCounts(platform.sql, { workspaceId: caller.workspaceId, subject: flowId });
  const versions = [...new Set(rows.map(({ version }) => version))];
  await platform.flows.need(
    platform.sql,
    versions.map((version) => ({ flowId, version })),
  );
  return {
    flowId,
    versions: versions.map((version) => {
      const counts = rows.filter((row) => row.version === version);
      return countsOf(platform.flows.version(flowId, version), { version, counts });
    }),
  };
}

type Counted = { version: number; counts: readonly { name: string; value: number }[] };

function countsOf(flow: CompiledFlow | undefined, { version, counts }: Counted): VersionCounts {
  const totalOf = (name: string) => counts.find((row) => row.name === name)?.value ?? 0;
  const total = Object.fromEntries(totals.map((name) => [name, totalOf(name)])) as Record<
    (typeof totals)[number],
    number
  >;
  const ended = total.completed + total.exited + total.failed + total.cancelled;
  const named: Named = { exits: {}, goals: {}, dropped: {}, messages: {} };
  for (const { name, value } of counts) addNamed(named, name, value);
  const live = total.started + total.retried + total.movedIn - total.movedOut - ended;
  return { version, ...total, live, ...named, steps: flow ? stepCounts(flow, counts) : {} };
}

type Named = Pick<VersionCounts, "exits" | "goals" | "dropped" | "messages">;

/** Names that begin with `$` are ours; the others with a colon are a step and its exit. */
function addNamed({ exits, goals, dropped, messages }: Named, ...[name, value]: [string, number]) {
  const [first = "", second, third] = name.split(":");
  if (second === undefined) return;
  if (first === "$goal") goals[second] = value;
  else if (first === "$message") addTo(messages, second, { [third ?? ""]: value });
  else if (first !== "$dropped") addTo(exits, first, { [second]: value });
  else if (third !== undefined) addTo(dropped, second, { [third]: value });
}

function addTo(counts: Record<string, Record<string, number>>, step: string, count: Record<string, number>): void {
  counts[step] = { ...counts[step], ...count };
}
