import { AppError } from "../core/errors.ts";
import { releaseJob } from "../core/flow/overdue.ts";
import { endJob, type JobProgress, listJobRows } from "../storage/jobs.ts";
import { emptyListJob } from "./empty-list.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, knownId } from "./read-filter.ts";

/** A job as the API shows it. `progress` runs from 0 to 1; `counts` says what it did so far. */
export type JobView = Pick<
  JobProgress,
  "id" | "kind" | "flowId" | "status" | "counts" | "createdBy" | "createdAt" | "endedAt" | "error"
> & { progress: number };

/** One job. Throws `job_not_found`. */
export async function getJob(platform: Platform, caller: Caller, { id }: { id: string }): Promise<JobView> {
  requireScope(caller, "runs:read");
  const page = { workspaceId: caller.workspaceId, flowId: null, before: null, limit: 1 };
  const [row] = await listJobRows(platform.sql, { ...page, id: knownId(id, "job_not_found") });
  if (!row) throw new AppError("job_not_found");
  return viewJob(row);
}

/** Jobs, the newest first. */
export async function listJobs(
  platform: Platform,
  caller: Caller,
  query: PageInput & { flowId?: string | undefined },
): Promise<Page<JobView>> {
  requireScope(caller, "runs:read");
  const { before, limit } = readPage(query);
  const flowId = idFilter(query.flowId, "flowId");
  const rows = await listJobRows(platform.sql, {
    workspaceId: caller.workspaceId,
    id: null,
    flowId,
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(viewJob), limit, ({ id }) => id);
}

const unstoppable: Record<string, string> = {
  [releaseJob]: "it lets a flow go on that was held: pause the flow again instead",
  [emptyListJob]: "it takes the members out of a list that is gone",
};

/** Ends a job where it stands; what it did stays done. Throws `invalid_state` when it has ended, or must not be stopped half-way. */
export async function cancelJob(platform: Platform, caller: Caller, { id }: { id: string }): Promise<JobView> {
  requireScope(caller, "runs:write");
  const job = await getJob(platform, caller, { id });
  const why = job.status === "running" ? unstoppable[job.kind] : `it is ${job.status}`;
  if (why !== undefined)
    throw new AppError("invalid_state", `The job cannot be cancelled: ${why}.`, { detail: { status: job.status } });
  await endJob(platform.sql, { jobId: id, status: "cancelled", error: null, now: platform.now() });
  return getJob(platform, caller, { id });
}

function viewJob(row: JobProgress): JobView {
  const { id, kind, flowId, status, counts, createdBy, createdAt, endedAt, error } = row;
  const progress = status === "done" ? 1 : Math.floor((row.lanesDone / row.lanes) * 100) / 100;
  return { id, kind, flowId, status, progress, counts, createdBy, createdAt, endedAt, error };
}
