import type { Json, JsonObject } from "../core/json.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonOf } from "./rows.ts";

export type JobStatus = "running" | "done" | "cancelled" | "failed";

/** Work over many runs, done in the background lane by lane. `phase` counts how often all lanes were gone through. */
export type JobRow = {
  id: string;
  workspaceId: string;
  flowId: string | null;
  kind: string;
  status: JobStatus;
  phase: number;
  params: JsonObject;
  createdBy: string;
  createdAt: Date;
  endedAt: Date | null;
  error: string | null;
};

function jobColumns(sql: Queryable) {
  return sql`j.id, j.workspace_id as "workspaceId", j.flow_id as "flowId", j.kind, j.status, j.phase, j.params, j.created_by as "createdBy",
    j.created_at as "createdAt", j.ended_at as "endedAt", j.error`;
}

type NewJob = Pick<JobRow, "id" | "workspaceId" | "flowId" | "kind" | "params" | "createdBy"> & { now: Date };

/** A new job, due at once in every lane, or in those that are given. */
export async function insertJob(sql: Queryable, job: NewJob, lanes: readonly number[] | null = null): Promise<JobRow> {
  const [row] = await sql<[JobRow]>`
    with made as (
      insert into job (id, workspace_id, flow_id, kind, status, params, created_by, created_at)
      values (${job.id}, ${job.workspaceId}, ${job.flowId}, ${job.kind}, 'running', ${jsonOf(job.params)}::text::jsonb, ${job.createdBy}, ${job.now})
      returning *
    ), lanes as (
      insert into job_lane (job_id, lane, due_at) select made.id, lane.lane, made.created_at from made cross join lane
       where ${lanes === null ? null : [...lanes]}::smallint[] is null or lane.lane = any(${lanes === null ? null : [...lanes]}::smallint[])
    )
    select ${jobColumns(sql)} from made j`;
  return row;
}

export type TakenLane = { job: JobRow; lane: number; cursor: Json; counts: Record<string, number>; failures: number };

/** Takes one lane of a running job, oldest job first, and holds it until the transaction ends; those that others hold are skipped. */
export async function takeJobLane(sql: Transaction, now: Date): Promise<TakenLane | undefined> {
  const [row] = await sql<(JobRow & Omit<TakenLane, "job">)[]>`
    select ${jobColumns(sql)}, l.lane, l.cursor, l.counts, l.failures
      from job j join job_lane l on l.job_id = j.id
     where j.status = 'running' and not l.is_done and l.due_at <= ${now}
     order by j.id, l.lane limit 1
       for update of l skip locked`;
  if (!row) return undefined;
  const { lane, cursor, counts, failures, ...job } = row;
  return { job, lane, cursor, counts, failures };
}

/** The first instant at which there is something to do for a running job, null when there is none. A job with no lane left is due: it is to be ended. */
export async function nextJobAt(sql: Queryable): Promise<Date | null> {
  const [row] = await sql<[{ at: Date | null }]>`
    select min(coalesce(l.due_at, j.created_at)) as at
      from job j left join job_lane l on l.job_id = j.id and not l.is_done
     where j.status = 'running'`;
  return row.at;
}

type LaneProgress = { jobId: string; lane: number; cursor: Json; counts: object; isDone: boolean; dueAt: Date };

/** Notes how far a job has come in a lane. */
export async function saveJobLane(sql: Transaction, lane: LaneProgress): Promise<void> {
  await sql`
    update job_lane
       set cursor = ${jsonOf(lane.cursor)}::text::jsonb, counts = ${jsonOf(lane.counts)}::text::jsonb, is_done = ${lane.isDone},
           due_at = ${lane.dueAt}, failures = 0
     where job_id = ${lane.jobId} and lane = ${lane.lane}`;
}

/** Notes that a lane could not be worked on, and when it is tried again. */
export async function delayJobLane(
  sql: Queryable,
  { jobId, lane, dueAt }: { jobId: string; lane: number; dueAt: Date },
): Promise<void> {
  await sql`update job_lane set failures = failures + 1, due_at = ${dueAt} where job_id = ${jobId} and lane = ${lane}`;
}

/** Takes a running job of which every lane is done, and holds it until the transaction ends. */
export async function takeFinishedJob(sql: Transaction): Promise<JobRow | undefined> {
  const [row] = await sql<JobRow[]>`
    select ${jobColumns(sql)} from job j
     where j.status = 'running' and not exists (select from job_lane l where l.job_id = j.id and not l.is_done)
     order by j.id limit 1 for update of j skip locked`;
  return row;
}

/** Begins the next round over all lanes. What was counted stays. */
export async function beginPhase(sql: Transaction, { jobId, now }: { jobId: string; now: Date }): Promise<void> {
  await sql`update job set phase = phase + 1 where id = ${jobId}`;
  await sql`update job_lane set cursor = null, is_done = false, due_at = ${now} where job_id = ${jobId}`;
}

type JobEnd = { jobId: string; status: Exclude<JobStatus, "running">; error: string | null; now: Date };

/** Ends a job that is running. */
export async function endJob(sql: Queryable, { jobId, status, error, now }: JobEnd): Promise<void> {
  await sql`
    update job set status = ${status}, error = ${error}, ended_at = ${now} where id = ${jobId} and status = 'running'`;
}

/** Forgets jobs that ended before this instant, with their progress. */
export async function removeOldJobs(sql: Queryable, before: Date): Promise<void> {
  await sql`delete from job where ended_at < ${before}`;
}

/** Ends the running jobs of one kind on a flow as cancelled. */
export async function cancelJobsOf(
  sql: Queryable,
  { flowId, kind, now }: { flowId: string; kind: string; now: Date },
): Promise<void> {
  await sql`
    update job set status = 'cancelled', ended_at = ${now} where flow_id = ${flowId} and kind = ${kind} and status = 'running'`;
}

/** Locks the running jobs of one kind on a flow until the transaction ends. */
export async function lockJobsOf(sql: Transaction, { flowId, kind }: { flowId: string; kind: string }): Promise<void> {
  await sql`select id from job where flow_id = ${flowId} and kind = ${kind} and status = 'running' order by id for update`;
}

/** A running job of one of these kinds on a flow. */
export async function findRunningJob(
  sql: Queryable,
  { flowId, kinds }: { flowId: string; kinds: readonly string[] },
): Promise<JobRow | undefined> {
  const [row] = await sql<JobRow[]>`
    select ${jobColumns(sql)} from job j
     where j.status = 'running' and j.flow_id = ${flowId} and j.kind = any(${[...kinds]}) order by j.id limit 1`;
  return row;
}

export type JobProgress = JobRow & { lanes: number; lanesDone: number; counts: Record<string, number> };

type JobFilter = {
  workspaceId: string;
  id: string | null;
  flowId: string | null;
  before: string | null;
  limit: number;
};

/** A page of jobs with how far they are, newest first. */
export async function listJobRows(sql: Queryable, filter: JobFilter): Promise<JobProgress[]> {
  const rows = await sql<(JobRow & { lanes: number; lanesDone: number; laneCounts: Record<string, number>[] })[]>`
    select ${jobColumns(sql)}, l.lanes, l."lanesDone", l."laneCounts"
      from (
        select * from job
         where workspace_id = ${filter.workspaceId}
           ${filter.id === null ? sql`` : sql`and id = ${filter.id}`}
           ${filter.flowId === null ? sql`` : sql`and flow_id = ${filter.flowId}`}
           ${filter.before === null ? sql`` : sql`and id < ${filter.before}`}
         order by id desc limit ${filter.limit}
      ) j
     cross join lateral (
       select count(*)::int as lanes, count(*) filter (where is_done)::int as "lanesDone", jsonb_agg(counts) as "laneCounts"
         from job_lane where job_id = j.id
     ) l
     order by j.id desc`;
  return rows.map(({ laneCounts, ...row }) => ({ ...row, counts: sum(laneCounts) }));
}

function sum(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const counts of all)
    for (const [name, value] of Object.entries(counts)) total[name] = (total[name] ?? 0) + value;
  return total;
}
