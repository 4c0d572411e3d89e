import { contactOnlyIssues } from "../core/audience.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { actOnRun as decideAction, type RunAction } from "../core/flow/act-on-run.ts";
import { actJob, type RunFilterInput } from "../core/flow/job-params.ts";
import { laneOf } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import { insertJob } from "../storage/jobs.ts";
import { lockLane } from "../storage/lanes.ts";
import { findRun } from "../storage/run-reads.ts";
import { saveChanges } from "./end-runs.ts";
import { requireFlow } from "./flow-view.ts";
import { getJob, type JobView } from "./jobs.ts";
import { audienceReferences, missingIssues } from "./missing-references.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { type RunView, viewRun } from "./runs.ts";
import { stopEffectsOf } from "./stop-effects.ts";

/**
 * Cancels, retries or moves a run, or cuts its wait short. What it asked for and nobody has begun is not done when it is cancelled or moved;
 * a call or mail in hand goes on, unheard. Throws `run_not_found`, and `invalid_state` with the reason when it cannot be done.
 */
export async function actOnRun(
  platform: Platform,
  caller: Caller,
  { id, action }: { id: string; action: RunAction },
): Promise<RunView> {
  requireScope(caller, "runs:write");
  const lane = laneOf(knownId(id, "run_not_found"));
  const now = platform.now();
  const run = await platform.sql.begin(async (sql) => {
    await lockLane(sql, lane);
    const found = await findRun(sql, { workspaceId: caller.workspaceId, id });
    if (!found) throw new AppError("run_not_found");
    await platform.flows.need(sql, [found]);
    const flow = platform.flows.version(found.flowId, found.version);
    const acted = decideAction(found, action, { flow, by: caller.name, now });
    if (!acted.ok) throw new AppError("invalid_state", acted.reason, { detail: { status: found.status } });
    if (acted.stopsEffects) await stopEffectsOf(sql, [found], { reason: "run_cancelled", now });
    await saveChanges(sql, [acted], now);
    return acted.run;
  });
  platform.signal([lane]);
  return viewRun(run);
}

type Many = { action: RunAction; filter: RunFilterInput; dryRun?: boolean | undefined };

/** Does the same to every run of a flow that fits a filter, in the background; with `dryRun` it only counts them. */
export async function actOnRuns(
  platform: Platform,
  caller: Caller,
  { action, filter, dryRun = false }: Many,
): Promise<JobView> {
  requireScope(caller, dryRun ? "runs:read" : "runs:write");
  const flow = await requireFlow(platform.sql, caller.workspaceId, filter.flowId);
  const issues = await filterIssues(platform, caller, filter);
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const params = { action, filter, dryRun, by: caller.name } as unknown as JsonObject;
  const { workspaceId, name: createdBy } = caller;
  const job = { id: newId(), workspaceId, flowId: flow.id, kind: actJob, params, createdBy, now: platform.now() };
  await insertJob(platform.sql, job);
  platform.wake();
  return getJob(platform, { ...caller, scopes: new Set([...caller.scopes, "runs:read"]) }, job);
}

async function filterIssues(
  { sql }: Platform,
  { workspaceId }: Caller,
  { segment, where }: RunFilterInput,
): Promise<Issue[]> {
  const asked = [
    ...(segment === undefined ? [] : audienceReferences({ segment }, "filter")),
    ...(where === undefined ? [] : audienceReferences({ where }, "filter")),
  ];
  const foreign = where === undefined ? [] : contactOnlyIssues(where, "filter.where");
  return [...foreign, ...(await missingIssues(sql, workspaceId, asked))];
}
