import { z } from "zod";
import { evaluate } from "../../core/condition/condition.ts";
import { readsOf } from "../../core/condition/reads.ts";
import { contactScope } from "../../core/contact.ts";
import { type Acted, actOnRun } from "../../core/flow/act-on-run.ts";
import { type ActParams, actJob, actParams, contactCondition } from "../../core/flow/job-params.ts";
import type { Run } from "../../core/flow/run.ts";
import { withAllFacts } from "../../operations/contact-facts.ts";
import { saveChanges } from "../../operations/end-runs.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { stopEffectsOf } from "../../operations/stop-effects.ts";
import { loadContacts } from "../../storage/contacts.ts";
import type { Transaction } from "../../storage/database.ts";
import type { JobRow } from "../../storage/jobs.ts";
import { scanRuns } from "../../storage/run-scans.ts";
import type { Chunk, JobKind, Place } from "../jobs.ts";

const chunkSize = 1000;
const cursorSchema = z.object({ after: z.string() }).nullable();

/** Does to many runs what can be done to one, lane by lane; with `dryRun` it only counts them. */
export function actOnRuns(flows: FlowCache): JobKind {
  return { name: actJob, chunk: (sql, job, place) => chunk(flows, { sql, job, place }) };
}

type Work = { sql: Transaction; job: JobRow; place: Place };

async function chunk(flows: FlowCache, { sql, job, place }: Work): Promise<Chunk> {
  const params = actParams.parse(job.params);
  const { lane, now } = place;
  const after = cursorSchema.parse(place.cursor)?.after ?? null;
  const scan = { lane, isLive: params.action.kind !== "retry", after, limit: chunkSize };
  const { runs, end } = await scanRuns(sql, filterOf(job, params), scan);
  const meant = await whereHolds(sql, runs, { params, now });
  const counts = await act(flows, { sql, runs: meant, params, now });
  return { cursor: end === null ? null : { after: end }, counts, again: end === null ? null : now };
}

function filterOf({ workspaceId, flowId }: JobRow, { action, filter }: ActParams) {
  const { version = null, step = null, status = null, enteredAfter, enteredBefore } = filter;
  return {
    ...{ workspaceId, flowId: flowId ?? "", version, step },
    // Only failed runs can be retried, and the lane holds all that ever ended.
    status: action.kind === "retry" ? ("failed" as const) : status,
    enteredAfter: enteredAfter === undefined ? null : new Date(enteredAfter),
    enteredBefore: enteredBefore === undefined ? null : new Date(enteredBefore),
  };
}

async function whereHolds(
  sql: Transaction,
  runs: readonly Run[],
  { params: { filter }, now }: { params: ActParams; now: Date },
): Promise<readonly Run[]> {
  const where = contactCondition(filter);
  if (where === undefined || runs.length === 0) return runs;
  const keys = [...new Map(runs.map(({ lane, contactId }) => [contactId, { lane, id: contactId }])).values()];
  const contacts = await withAllFacts(sql, await loadContacts(sql, keys), { reads: [readsOf([where])], now });
  const fitting = contacts.filter((contact) => evaluate(where, { contact: contactScope(contact) }, now));
  const ids = new Set(fitting.map(({ id }) => id));
  return runs.filter(({ contactId }) => ids.has(contactId));
}

type Acting = { sql: Transaction; runs: readonly Run[]; params: ActParams; now: Date };

async function act(flows: FlowCache, { sql, runs, params, now }: Acting): Promise<Record<string, number>> {
  const { action, by, dryRun } = params;
  await flows.need(sql, runs);
  const all = runs.map((run) => actOnRun(run, action, { flow: flows.version(run.flowId, run.version), by, now }));
  const done = all.filter((acted): acted is Extract<Acted, { ok: true }> => acted.ok);
  const counts = { matched: all.length, done: done.length, refused: all.length - done.length };
  if (dryRun) return counts;
  const stopped = done.flatMap(({ stopsEffects, run }) => (stopsEffects ? [run] : []));
  await stopEffectsOf(sql, stopped, { reason: "run_cancelled", now });
  await saveChanges(sql, done, now);
  return counts;
}
