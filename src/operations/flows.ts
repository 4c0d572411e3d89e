import { AppError, type Issue } from "../core/errors.ts";
import { validateFlow } from "../core/flow/validate.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { findJsonProblems } from "../core/json-problems.ts";
import type { Transaction } from "../storage/database.ts";
import {
  type FlowRow,
  type FlowStatus,
  insertFlow,
  listFlows as listFlowRows,
  lockFlow,
  updateDraft,
} from "../storage/flows.ts";
import { type FlowSummary, type FlowView, requireFlow, summarizeFlow, viewFlow } from "./flow-view.ts";
import { newId } from "./new-id.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

const maxDraftCharacters = 1_000_000;

/** Makes a draft. It may be unfinished: what is wrong with it comes back in `issues`. It only needs a name. */
export async function createFlow(
  platform: Platform,
  caller: Caller,
  { definition }: { definition: Json },
): Promise<FlowView> {
  requireScope(caller, "flows:write");
  const name = readDraft(definition);
  const flow = { id: newId(), workspaceId: caller.workspaceId, name, draft: definition, now: platform.now() };
  return viewFlow(platform, platform.sql, await insertFlow(platform.sql, flow));
}

/** Replaces the draft. What is published stays as it is. Throws `invalid_state` for an archived flow. */
export async function updateFlow(
  platform: Platform,
  caller: Caller,
  { id, definition }: { id: string; definition: Json },
): Promise<FlowView> {
  requireScope(caller, "flows:write");
  const now = platform.now();
  return platform.sql.begin(async (sql) => {
    const flow = await holdFlow(sql, caller.workspaceId, id);
    return viewFlow(platform, sql, await writeDraft(sql, flow, { definition, now }));
  });
}

export async function getFlow(platform: Platform, caller: Caller, { id }: { id: string }): Promise<FlowView> {
  requireScope(caller, "flows:read");
  return viewFlow(platform, platform.sql, await requireFlow(platform.sql, caller.workspaceId, id));
}

/** The flows of the workspace, newest first. */
export async function listFlows(
  platform: Platform,
  caller: Caller,
  input: PageInput & { status?: FlowStatus | undefined },
): Promise<Page<FlowSummary>> {
  requireScope(caller, "flows:read");
  const { before, limit } = readPage(input);
  const rows = await listFlowRows(platform.sql, {
    workspaceId: caller.workspaceId,
    status: input.status ?? null,
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(summarizeFlow), limit, ({ id }) => id);
}

/** Says what is wrong with a flow, without storing anything. */
export async function checkFlow(
  platform: Platform,
  caller: Caller,
  { definition }: { definition: Json },
): Promise<{ valid: boolean; issues: Issue[] }> {
  requireScope(caller, "flows:read");
  const unstorable = draftIssues(definition);
  if (unstorable.length > 0) return { valid: false, issues: unstorable };
  const validated = validateFlow(definition, platform.registry);
  return validated.ok ? { valid: true, issues: [] } : { valid: false, issues: validated.issues };
}

/** Locks a flow, by id or number, until the transaction ends. Throws `flow_not_found`. */
export async function holdFlow(sql: Transaction, workspaceId: string, ref: string): Promise<FlowRow> {
  const { id } = await requireFlow(sql, workspaceId, ref);
  const flow = await lockFlow(sql, { workspaceId, id });
  if (!flow) throw new AppError("flow_not_found");
  return flow;
}

/** Stores a draft for a flow that is locked, and returns the flow with it. */
export async function writeDraft(
  sql: Transaction,
  flow: FlowRow,
  { definition, now }: { definition: Json; now: Date },
): Promise<FlowRow> {
  if (flow.status === "archived")
    throw new AppError("invalid_state", "The flow is archived; resume it first.", { detail: { status: flow.status } });
  const name = readDraft(definition);
  await updateDraft(sql, { id: flow.id, name, draft: definition, now });
  return { ...flow, name, draft: definition, updatedAt: now };
}

/** The name of a draft. Throws `invalid_request` when it cannot be stored at all. */
function readDraft(definition: Json): string {
  const issues = draftIssues(definition);
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return nameOf(definition);
}

function nameOf(definition: Json): string {
  const name = isJsonObject(definition) ? definition["name"] : undefined;
  return typeof name === "string" ? name : "";
}

function draftIssues(definition: Json): Issue[] {
  if (!isJsonObject(definition)) return [{ path: "", message: "A flow must be a JSON object." }];
  const problems = findJsonProblems(definition, { checkText: true });
  if (problems.length > 0) return problems;
  if (JSON.stringify(definition).length > maxDraftCharacters)
    return [{ path: "", message: `A flow is at most ${maxDraftCharacters} characters of JSON.` }];
  const { length } = nameOf(definition);
  return length >= 1 && length <= 200 ? [] : [{ path: "name", message: "must be text of 1 to 200 characters" }];
}
