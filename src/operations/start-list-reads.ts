import { AppError } from "../core/errors.ts";
import type { RunStatus } from "../core/flow/run.ts";
import { isUuid } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import { findContacts } from "../storage/contact-reads.ts";
import type { Queryable } from "../storage/database.ts";
import {
  countStarted,
  findStartList,
  pageStarted,
  pageStartLists,
  type StartedContact,
  type StartListRow,
} from "../storage/start-lists.ts";
import { type ContactView, viewContacts } from "./contact-view.ts";
import { requireVersion } from "./current-flow.ts";
import { type NumberedPage, type NumberedPageInput, readNumberedPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, knownId } from "./read-filter.ts";
import { getRun, type RunDetail } from "./runs.ts";

/** queued: nothing has met it yet; refused: the flow did not let it in; expired: dropped as overdue; else the status of its run. */
export type StartedStatus = "queued" | "refused" | "expired" | RunStatus;

/** A start for named contacts, and how many of them are in which state. `averageMs`: how long the completed ones took. */
export type StartListView = Omit<StartListRow, "workspaceId" | "variables"> & {
  flowName: string;
  /** The runs of the flow stand still. */
  isHeld: boolean;
  variables: JsonObject;
  counts: Partial<Record<StartedStatus, number>>;
  averageMs: number | null;
};

/** A contact of a start. `contact` is null when it was deleted since. */
export type StartedView = {
  id: string;
  startListId: string;
  flowId: string;
  flowName: string;
  isHeld: boolean;
  version: number | null;
  contactId: string;
  contact: ContactView | null;
  status: StartedStatus;
  reason: string | null;
  runId: string | null;
  createdAt: Date;
  endedAt: Date | null;
};

/** Throws `start_list_not_found`. */
export async function getStartList(platform: Platform, caller: Caller, { id }: { id: string }): Promise<StartListView> {
  requireScope(caller, "runs:read");
  const ref = { workspaceId: caller.workspaceId, id: knownId(id, "start_list_not_found") };
  const row = await findStartList(platform.sql, ref);
  const [view] = row ? await withCounts(platform.sql, [row]) : [];
  if (!view) throw new AppError("start_list_not_found");
  return view;
}

/** Starts for named contacts, newest first. */
export async function listStartLists(
  platform: Platform,
  caller: Caller,
  { flowId, ...page }: NumberedPageInput & { flowId?: string | undefined },
): Promise<NumberedPage<StartListView>> {
  requireScope(caller, "runs:read");
  const filter = { workspaceId: caller.workspaceId, flowId: idFilter(flowId, "flowId") };
  const { count, rows } = await pageStartLists(platform.sql, filter, readNumberedPage(page));
  return { count, data: await withCounts(platform.sql, rows) };
}

type StartedQuery = NumberedPageInput & {
  startListId?: string | undefined;
  contactId?: string | undefined;
  flowId?: string | undefined;
  /** True: those that have not ended; false: those that have, or were refused. */
  isActive?: boolean | undefined;
};

/** The contacts of starts with what became of each, newest first. */
export async function listStarted(
  platform: Platform,
  caller: Caller,
  { startListId, contactId, flowId, isActive = undefined, ...page }: StartedQuery,
): Promise<NumberedPage<StartedView>> {
  for (const scope of ["runs:read", "contacts:read"] as const) requireScope(caller, scope);
  const filter = {
    ...{ workspaceId: caller.workspaceId, eventId: null, isActive: isActive ?? null },
    startListId: idFilter(startListId, "startListId"),
    contactId: idFilter(contactId, "contactId"),
    flowId: idFilter(flowId, "flowId"),
  };
  const { count, rows } = await pageStarted(platform.sql, filter, readNumberedPage(page));
  return { count, data: await withContacts(platform.sql, caller.workspaceId, rows) };
}

/** `steps` are those of the version that the run is on, by name with their kind. */
export type StartedDetail = StartedView & { run: RunDetail | null; steps: { name: string; kind: string }[] };

/** One contact of a start, with its run when there is one. Throws `start_list_not_found`. */
export async function getStarted(platform: Platform, caller: Caller, { id }: { id: string }): Promise<StartedDetail> {
  for (const scope of ["runs:read", "contacts:read"] as const) requireScope(caller, scope);
  const { workspaceId } = caller;
  const blank = { startListId: null, contactId: null, flowId: null, isActive: null };
  const filter = { ...blank, workspaceId, eventId: knownId(id, "start_list_not_found") };
  const { rows } = await pageStarted(platform.sql, filter, { offset: 0, limit: 1 });
  const [view] = await withContacts(platform.sql, workspaceId, rows);
  if (!view) throw new AppError("start_list_not_found");
  if (view.runId === null) return { ...view, run: null, steps: [] };
  const run = await getRun(platform, caller, { id: view.runId });
  const { steps } = await requireVersion(platform.sql, platform.flows, run);
  return { ...view, run, steps: [...steps.values()].map(({ name, kind }) => ({ name, kind: kind.name })) };
}

type Row = Awaited<ReturnType<typeof pageStartLists>>["rows"][number];

async function withCounts(sql: Queryable, rows: readonly Row[]): Promise<StartListView[]> {
  if (rows.length === 0) return [];
  const counted = await countStarted(
    sql,
    rows.map(({ id }) => id),
  );
  return rows.map(({ workspaceId: _, ...row }) => {
    const own = counted.filter(({ id }) => id === row.id);
    const completed = own.find(({ state }) => state === "completed");
    return {
      ...row,
      counts: Object.fromEntries(own.map(({ state, count }) => [state, count])),
      averageMs: completed?.ms == null ? null : completed.ms / completed.count,
    };
  });
}

async function withContacts(
  sql: Queryable,
  workspaceId: string,
  rows: readonly StartedContact[],
): Promise<StartedView[]> {
  const ids = [...new Set(rows.map(({ contactId }) => contactId))].filter(isUuid);
  const records = ids.length === 0 ? [] : await findContacts(sql, { workspaceId, ids });
  const contacts = new Map((await viewContacts(sql, records)).map((contact) => [contact.id, contact]));
  return rows.map(({ eventId, outcome, outcomeReason, runStatus, runReason, ...row }) => ({
    ...row,
    id: eventId,
    contact: contacts.get(row.contactId) ?? null,
    status: statusOf({ outcome, runStatus, runReason }),
    reason: runReason ?? outcomeReason,
  }));
}

function statusOf({
  outcome,
  runStatus,
  runReason,
}: Pick<StartedContact, "outcome" | "runStatus" | "runReason">): StartedStatus {
  if (runReason === "overdue_dropped") return "expired";
  return runStatus ?? (outcome === "not_started" ? "refused" : "queued");
}
