import { z } from "zod";
import { type MigrateParams, migrateJob, migrateParams } from "../../core/flow/job-params.ts";
import { type Migration, migrateRun, planMigration } from "../../core/flow/migrate-run.ts";
import type { Run } from "../../core/flow/run.ts";
import { shareOf } from "../../core/hash.ts";
import { saveChanges } from "../../operations/end-runs.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { stopEffectsOf } from "../../operations/stop-effects.ts";
import type { Transaction } from "../../storage/database.ts";
import type { JobRow } from "../../storage/jobs.ts";
import { scanRuns } from "../../storage/run-scans.ts";
import type { Chunk, JobKind, Place } from "../jobs.ts";

const chunkSize = 1000;
const maxPauseMs = 60_000;

/** `later`: runs that wait for an answer were met; the lane is gone through again, for the `round`th time. */
const cursorSchema = z
  .object({ after: z.string().nullable(), later: z.boolean(), round: z.int() })
  .nullable()
  .transform((cursor) => cursor ?? { after: null, later: false, round: 0 });

/** Moves the runs of one version to another, lane by lane. Those that wait for an answer are moved when they have had it. */
export function migrateRuns(flows: FlowCache): JobKind {
  return { name: migrateJob, chunk: (sql, job, place) => chunk(flows, { sql, job, place }) };
}

type Work = { sql: Transaction; job: JobRow; place: Place };

async function chunk(flows: FlowCache, { sql, job, place }: Work): Promise<Chunk> {
  const params = migrateParams.parse(job.params);
  const { lane, now } = place;
  const cursor = cursorSchema.parse(place.cursor);
  const migration = await migrationOf(flows, { sql, job, params });
  const filter = { workspaceId: job.workspaceId, flowId: migration.from.id, version: params.from };
  const { runs, end } = await scanRuns(
    sql,
    { ...anyRun, ...filter },
    { lane, isLive: true, after: cursor.after, limit: chunkSize },
  );
  const { counts, later } = await move(sql, {
    runs: runs.filter((run) => isMeant(run, { job, params })),
    migration,
    now,
  });
  const isLater = later || cursor.later;
  if (end !== null) return { cursor: { ...cursor, after: end, later: isLater }, counts, again: now };
  if (!isLater) return { cursor: null, counts, again: null };
  const pauseMs = Math.min(1000 * 2 ** cursor.round, maxPauseMs);
  const next = { after: null, later: false, round: Math.min(cursor.round + 1, 10) };
  return { cursor: next, counts, again: new Date(now.getTime() + pauseMs) };
}

const anyRun = { step: null, status: null, enteredAfter: null, enteredBefore: null };

/** A canary takes the same contacts each time it is asked for the same versions, and more when its share grows. */
function isMeant({ contactId }: Run, { job, params }: { job: JobRow; params: MigrateParams }): boolean {
  return params.share >= 100 || shareOf(`${job.flowId}|${params.to}|${contactId}`) * 100 < params.share;
}

async function migrationOf(
  flows: FlowCache,
  { sql, job, params }: { sql: Transaction; job: JobRow; params: MigrateParams },
): Promise<Migration> {
  const flowId = job.flowId ?? "";
  const versions = [params.from, params.to].map((version) => ({ flowId, version }));
  await flows.need(sql, versions);
  const [from, to] = versions.map(({ version }) => flows.version(flowId, version));
  const plan = from && to ? planMigration(from, to, params.map) : null;
  if (!(from && to && plan?.ok))
    throw new Error(`The flow ${flowId} cannot be migrated from ${params.from} to ${params.to}.`);
  return { from, to, steps: plan.steps, by: params.by };
}

type Moving = { runs: readonly Run[]; migration: Migration; now: Date };

async function move(
  sql: Transaction,
  { runs, migration, now }: Moving,
): Promise<{ counts: Chunk["counts"]; later: boolean }> {
  const all = runs.map((run) => migrateRun(run, migration, now));
  const changes = all.filter((change) => change !== "later");
  const ended = changes.flatMap(({ run }) => (run.endedAt === null ? [] : [run]));
  await stopEffectsOf(sql, ended, { reason: "migrated_out", now });
  await saveChanges(sql, changes, now);
  const counts = { moved: changes.length - ended.length, ended: ended.length };
  return { counts, later: changes.length < all.length };
}
