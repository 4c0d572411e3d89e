import { AppError } from "../core/errors.ts";
import type { Run, RunStatus, TrailEntry } from "../core/flow/run.ts";
import type { JsonObject } from "../core/json.ts";
import { listConversions } from "../storage/conversions.ts";
import { listMessageRows } from "../storage/message-reads.ts";
import { findRun, listRunRows } from "../storage/run-reads.ts";
import { loadTrail } from "../storage/trail.ts";
import { type MessageView, viewMessage } from "./messages.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, knownId } from "./read-filter.ts";

/** A run as lists show it. */
export type RunView = Pick<
  Run,
  | "id"
  | "flowId"
  | "version"
  | "contactId"
  | "key"
  | "entry"
  | "status"
  | "step"
  | "visit"
  | "enteredAt"
  | "wakeAt"
  | "reason"
  | "startedAt"
  | "endedAt"
> & {
  event: { id: string; name: string; at: Date };
};

type RunQuery = PageInput & {
  flowId?: string | undefined;
  contactId?: string | undefined;
  status?: RunStatus | undefined;
};

/** Runs, the newest first. */
export async function listRuns(platform: Platform, caller: Caller, query: RunQuery): Promise<Page<RunView>> {
  requireScope(caller, "runs:read");
  const { before, limit } = readPage(query);
  const rows = await listRunRows(platform.sql, {
    workspaceId: caller.workspaceId,
    flowId: idFilter(query.flowId, "flowId"),
    contactId: idFilter(query.contactId, "contactId"),
    status: query.status ?? null,
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(viewRun), limit, ({ id }) => id);
}

export type RunDetail = RunView & {
  payload: JsonObject;
  vars: JsonObject;
  steps: JsonObject;
  trail: TrailView[];
  messages: MessageView[];
  /** The goals it reached. */
  conversions: { goal: string; eventId: string; at: Date }[];
};

/** `durationMs`: how long the run had stood at the step by then. */
export type TrailView = TrailEntry & { durationMs: number };

const maxMessages = 1000;

/** A run with what started it, every step it took, and the messages it made, oldest first. */
export async function getRun(platform: Platform, caller: Caller, { id }: { id: string }): Promise<RunDetail> {
  requireScope(caller, "runs:read");
  const { workspaceId } = caller;
  const run = await findRun(platform.sql, { workspaceId, id: knownId(id, "run_not_found") });
  if (!run) throw new AppError("run_not_found");
  const filter = {
    workspaceId,
    contactId: run.contactId,
    flowId: null,
    runId: id,
    status: null,
    to: null,
    before: null,
    limit: maxMessages,
  };
  const [trail, messages, conversions] = await Promise.all([
    loadTrail(platform.sql, run),
    listMessageRows(platform.sql, filter),
    listConversions(platform.sql, { workspaceId, runId: id }),
  ]);
  return {
    ...viewRun(run),
    payload: run.event,
    vars: run.vars,
    steps: run.steps,
    trail: trail.map(viewEntry),
    messages: messages.reverse().map(viewMessage),
    conversions,
  };
}

function viewEntry(entry: TrailEntry): TrailView {
  const { enteredAt, at } = entry;
  return { ...entry, durationMs: Math.max(0, new Date(at).getTime() - new Date(enteredAt).getTime()) };
}

/** A run as lists show it. */
export function viewRun(run: Run): RunView {
  const {
    id,
    flowId,
    version,
    contactId,
    key,
    entry,
    status,
    step,
    visit,
    enteredAt,
    wakeAt,
    reason,
    startedAt,
    endedAt,
  } = run;
  const event = { id: run.eventId, name: run.eventName, at: run.eventAt };
  return {
    id,
    flowId,
    version,
    contactId,
    key,
    entry,
    status,
    step,
    visit,
    enteredAt,
    wakeAt,
    reason,
    event,
    startedAt,
    endedAt,
  };
}
