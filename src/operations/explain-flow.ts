import { AppError } from "../core/errors.ts";
import { type CompiledFlow, listened } from "../core/flow/compile.ts";
import { explainEntry } from "../core/flow/explain-entry.ts";
import { idsNamed } from "../core/flow/occurrence-words.ts";
import { addDuration } from "../core/time.ts";
import { type AdmissionFact, listAdmissions } from "../storage/admissions.ts";
import { type ContactRecord, findContact } from "../storage/contact-reads.ts";
import type { Queryable } from "../storage/database.ts";
import { findPending, listEventRows, loadOutcomes } from "../storage/event-reads.ts";
import type { FlowRow } from "../storage/flows.ts";
import { listNames } from "../storage/lists.ts";
import { listRunRows } from "../storage/run-reads.ts";
import { segmentNames } from "../storage/segments.ts";
import { type EventDetail, viewEvent } from "./events.ts";
import { type FlowSummary, requireFlow, summarizeFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { type RunView, viewRun } from "./runs.ts";

type EntryView = { name: string; kind: string; listensTo: string[] };
type AdmissionView = AdmissionFact & { opensAt: Date | null | "never" };

/** Everything on record about a contact and a flow, and the same in sentences. Lists are newest first and hold at most 50. */
export type FlowExplanation = {
  summary: string;
  facts: string[];
  flow: FlowSummary;
  contactId: string;
  entries: EntryView[];
  events: EventDetail[];
  runs: RunView[];
  admissions: AdmissionView[];
};

const shown = 50;

/** Says why a contact did, or did not, enter a flow. Throws `contact_not_found` and `flow_not_found`. */
export async function explainFlow(
  platform: Platform,
  caller: Caller,
  { contactId, flowId }: { contactId: string; flowId: string },
): Promise<FlowExplanation> {
  requireScope(caller, "runs:read");
  const { workspaceId } = caller;
  const contact = await findContact(platform.sql, { workspaceId, id: knownId(contactId, "contact_not_found") });
  if (!contact) throw new AppError("contact_not_found");
  const flow = await requireFlow(platform.sql, workspaceId, flowId);
  const published = await publishedOf(platform, flow);
  const entries = entriesOf(published);
  const filter = { workspaceId, contactId, before: null, limit: shown };
  const names = entries.flatMap(({ listensTo }) => listensTo);
  const [events, called, runs, admissions] = await Promise.all([
    eventsOf(platform, { contact, flow, names }),
    namesOf(platform.sql, workspaceId, names),
    listRunRows(platform.sql, { ...filter, flowId: flow.id, status: null }),
    listAdmissions(platform.sql, { lane: contact.lane, contactId, flowId: flow.id, limit: shown }),
  ]);
  const record = {
    entries,
    events,
    runs: runs.map(viewRun),
    admissions: admissions.map((row) => ({ ...row, opensAt: opensAt(platform, row, { published, contact }) })),
  };
  return { ...explainEntry({ flow, ...record, names: called }), flow: summarizeFlow(flow), contactId, ...record };
}

async function publishedOf(
  { sql, flows }: Platform,
  { id: flowId, version }: FlowRow,
): Promise<CompiledFlow | undefined> {
  if (version === null) return undefined;
  await flows.need(sql, [{ flowId, version }]);
  return flows.version(flowId, version);
}

function entriesOf(flow: CompiledFlow | undefined): EntryView[] {
  return (flow?.entries ?? []).map((entry) => ({
    name: entry.name,
    kind: entry.kind.name,
    listensTo: [...listened(entry, flow?.id ?? "")],
  }));
}

/** What the lists and segments that entries listen to are called. */
async function namesOf(sql: Queryable, workspaceId: string, names: readonly string[]): Promise<Record<string, string>> {
  const [lists, segments] = await Promise.all([
    listNames(sql, { workspaceId, ids: idsNamed(names, "lists") }),
    segmentNames(sql, { workspaceId, ids: idsNamed(names, "segments") }),
  ]);
  return { ...lists, ...segments };
}

type About = { contact: ContactRecord; flow: FlowRow; names: string[] };

async function eventsOf({ sql }: Platform, { contact, flow, names }: About): Promise<EventDetail[]> {
  const { workspaceId, id: contactId } = contact;
  const rows = await listEventRows(sql, {
    workspaceId,
    names,
    contactId,
    since: null,
    until: null,
    before: null,
    limit: shown,
  });
  const about = { contactId, eventIds: rows.map(({ id }) => id) };
  const [outcomes, pending] = await Promise.all([loadOutcomes(sql, about), findPending(sql, about)]);
  return rows.map((row) => {
    const own = outcomes.filter(({ eventId, flowId }) => eventId === row.id && flowId === flow.id);
    return {
      ...viewEvent(row),
      outcomes: own.map(({ eventId: _, ...outcome }) => outcome),
      pending: pending.has(row.id),
    };
  });
}

type Rule = { published: CompiledFlow | undefined; contact: ContactRecord };

/** From when on the re-entry rule lets the contact in again; null when it always does. */
function opensAt({ flows }: Platform, { lastAt }: AdmissionFact, { published, contact }: Rule): Date | null | "never" {
  const reentry = published?.definition.reentry;
  if (!reentry || reentry.mode === "always") return null;
  if (reentry.mode === "never") return "never";
  return addDuration(lastAt, reentry.span, contact.timeZone ?? flows.workspace(contact.workspaceId)?.timeZone ?? "UTC");
}
