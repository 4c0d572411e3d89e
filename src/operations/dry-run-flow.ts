import type { Condition } from "../core/condition/condition.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { type CompiledFlow, compileFlow, listened } from "../core/flow/compile.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { WorkspaceFacts } from "../core/flow/workspace-facts.ts";
import { issuesOf } from "../core/issues.ts";
import type { JsonObject } from "../core/json.ts";
import type { SegmentSet } from "../core/segment/segment-set.ts";
import { simulate } from "../core/simulate/simulate.ts";
import type { SimulatedCounts, Simulation } from "../core/simulate/simulation.ts";
import { type Stubs, stubsSchema } from "../core/simulate/stubs.ts";
import { addCounts } from "../core/simulate/tally.ts";
import { addDuration } from "../core/time.ts";
import { type ContactRecord, listContactRecords } from "../storage/contact-reads.ts";
import { findSuppressed } from "../storage/suppressions.ts";
import { withAllFacts } from "./contact-facts.ts";
import { whereIssues } from "./list-contacts.ts";
import { unknownSegments } from "./missing-references.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter } from "./read-filter.ts";
import { refuseSimulation, requireDefinition, requireWorkspace } from "./simulated-flow.ts";

/** Whom the flow is tried on, and by which event. `share` takes a part of them, from 0 to 1, always the same one. */
export type DryRunInput = {
  id: string;
  version?: number | undefined;
  listId?: string | undefined;
  where?: Condition | undefined;
  share?: number | undefined;
  limit?: number | undefined;
  entry?: string | undefined;
  payload?: JsonObject | undefined;
  answers?: unknown;
  until?: Date | undefined;
};

/** `isCut`: there are more contacts than were tried, because of the limit or the time. */
export type DryRun = {
  contacts: number;
  isCut: boolean;
  counts: Omit<SimulatedCounts, "flow" | "flowId">;
  notStarted: Record<string, number>;
  warnings: string[];
};

const bounds = { limit: 10_000, page: 100, timeMs: 10_000 } as const;

/**
 * Tries a flow on contacts of the workspace as they are: who would go which way, and how many messages would go out. Nothing is sent and nothing
 * is stored. Each contact comes in once, as if it had never been in the flow.
 */
export async function dryRunFlow(platform: Platform, caller: Caller, input: DryRunInput): Promise<DryRun> {
  requireScope(caller, "flows:read");
  requireScope(caller, "contacts:read");
  const [definition, workspace] = await Promise.all([
    requireDefinition(platform, caller, input),
    requireWorkspace(platform, caller),
  ]);
  const issues = await unknownSegments(platform.sql, caller.workspaceId, input.where);
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const segments = platform.flows.segments(caller.workspaceId);
  const trial = { ...prepare(platform, { ...input, ...definition, workspace }), segments, started: new Map() };
  const result = emptyRun(trial);
  const deadline = performance.now() + bounds.timeMs;
  const limit = input.limit ?? 1000;
  for (let before: string | null = null; ; ) {
    const rows = await pageOf(platform, caller, {
      ...input,
      before,
      limit: Math.min(bounds.page, limit - result.contacts) + 1,
    });
    const page = rows.slice(0, Math.min(bounds.page, limit - result.contacts));
    if (page.length > 0) addPage(result, await playPage(platform, trial, page));
    const isMore = rows.length > page.length;
    if (!isMore || result.contacts >= limit || performance.now() >= deadline) return { ...result, isCut: isMore };
    before = page.at(-1)?.id ?? null;
  }
}

/** `started` counts over all pages, for daily caps. */
type Trial = Prepared & { segments: SegmentSet; started: Map<string, number> };

type Prepared = {
  flow: CompiledFlow;
  workspace: WorkspaceFacts;
  stubs: Stubs;
  event: { name: string; payload: JsonObject; target: { flowId: string; entry: string } };
  now: Date;
  until: Date;
};

type Preparing = DryRunInput & { version: number; definition: unknown; workspace: WorkspaceFacts };

/** Checks everything before any contact is looked at. */
function prepare({ registry, now }: Platform, input: Preparing): Prepared {
  const { id, version, definition, workspace, listId, limit = 1000, share = 1 } = input;
  const checked = validateFlow(definition, registry);
  if (!checked.ok)
    return refuseSimulation(checked.issues.map((issue) => ({ ...issue, path: `flows[0].${issue.path}` })));
  const identity = { id, workspaceId: workspace.id, version, status: "active" as const };
  const flow = compileFlow(identity, checked.definition, registry);
  const stubs = stubsSchema.safeParse(input.answers ?? {});
  const event = eventOf(flow, input);
  const issues: Issue[] = [...whereIssues(input.where), ...("message" in event ? [event] : [])];
  if (!stubs.success) issues.push(...issuesOf(stubs.error, "answers"));
  if (listId === undefined && input.where === undefined)
    issues.push({ path: "", message: "Say whom to try it on: listId or where." });
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= bounds.limit))
    issues.push({ path: "limit", message: `must be a whole number from 1 to ${bounds.limit}` });
  if (!(share > 0 && share <= 1)) issues.push({ path: "share", message: "must be above 0, and 1 at most" });
  if (issues.length > 0 || !stubs.success || "message" in event)
    throw new AppError("invalid_request", undefined, { issues });
  const at = now();
  return { flow, workspace, stubs: stubs.data, event, now: at, until: input.until ?? addDuration(at, year) };
}

const year = { amount: 366, unit: "days" } as const;

/** The event that brings each contact in, by the entry that was named or the only one. */
function eventOf(flow: CompiledFlow, { entry: wanted, payload = {} }: DryRunInput): Prepared["event"] | Issue {
  const names = flow.entries.map(({ name }) => name).join(", ");
  const entry = wanted === undefined ? flow.entries[0] : flow.entries.find(({ name }) => name === wanted);
  if (!entry || (wanted === undefined && flow.entries.length > 1))
    return { path: "entry", message: `must name the entry to come in by: ${names}` };
  const [name = ""] = listened(entry, flow.id);
  return { name, payload, target: { flowId: flow.id, entry: entry.name } };
}

type PageQuery = DryRunInput & { before: string | null; limit: number };

async function pageOf({ sql, now }: Platform, { workspaceId }: Caller, query: PageQuery): Promise<ContactRecord[]> {
  const { listId, where = null, share, before, limit } = query;
  return listContactRecords(sql, {
    ...{ workspaceId, ids: null, tag: null, createdAfter: null, createdBefore: null, where, before, limit },
    ...{ listId: idFilter(listId, "listId"), now: now(), ...(share === undefined || share === 1 ? {} : { share }) },
  });
}

async function playPage({ sql }: Platform, trial: Trial, page: readonly ContactRecord[]): Promise<Simulation> {
  const { flow, workspace, segments, started, stubs, event, now, until } = trial;
  const reads = [flow, ...segments.all].map((of) => of.reads);
  const [contacts, suppressed] = await Promise.all([
    withAllFacts(sql, page, { reads, now }),
    suppressedAmong(sql, page),
  ]);
  const change = { identity: {}, properties: {}, lists: {}, write: null };
  const subjects = contacts.map((contact) => ({
    contact,
    arrivals: [{ at: now, change, event, report: null }],
    suppressed,
  }));
  const limits = { steps: page.length * 1000, ticks: 0 };
  const about = { workspace, segments, started, stubs, from: now, until, limits };
  // One entry brings everybody in; what the clock would do besides is another matter.
  return simulate({ flows: [flow], subjects, ...about, keepsTexts: false });
}

async function suppressedAmong(sql: Platform["sql"], page: readonly ContactRecord[]): Promise<Map<string, string>> {
  const addresses = page.flatMap(({ workspaceId, email }) => (email === null ? [] : [{ workspaceId, address: email }]));
  const rows = addresses.length === 0 ? [] : await findSuppressed(sql, "email", addresses);
  return new Map(rows.map(({ address, reason }) => [`email|${address}`, reason]));
}

type Running = Omit<DryRun, "counts"> & { counts: SimulatedCounts };

function emptyRun({ flow, workspace, stubs, now }: Prepared): Running {
  const limits = { steps: 0, ticks: 0 };
  const { counts } = simulate({ flows: [flow], workspace, subjects: [], stubs, from: now, until: now, limits });
  const [none] = counts;
  if (!none) throw new Error("A simulation of one flow has counts of it.");
  return { contacts: 0, isCut: false, counts: none, notStarted: {}, warnings: [] };
}

function addPage(result: Running, { contacts, counts: [counts], warnings }: Simulation): void {
  result.contacts += contacts.length;
  if (counts) result.counts = addCounts(result.counts, counts);
  for (const { outcome, reason } of contacts.flatMap(({ outcomes }) => outcomes))
    if (outcome === "not_started" && reason !== null) result.notStarted[reason] = (result.notStarted[reason] ?? 0) + 1;
  result.warnings = [...new Set([...result.warnings, ...warnings])].filter(
    (text) => !text.includes("Flows that start by the clock"),
  );
}
