import { AppError } from "../core/errors.ts";
import type { CompiledFlow } from "../core/flow/compile.ts";
import { stepCounts } from "../core/flow/counts.ts";
import { type MigrationInput, migrateJob, migrationSchema } from "../core/flow/job-params.ts";
import { planMigration } from "../core/flow/migrate-run.ts";
import { issuesOf } from "../core/issues.ts";
import { readCounts } from "../storage/counters.ts";
import { findRunningJob, insertJob } from "../storage/jobs.ts";
import { requireFlow } from "./flow-view.ts";
import { holdFlow } from "./flows.ts";
import { getJob, type JobView } from "./jobs.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** Where the runs of each step go, and how many stand there by the roll-ups. `to` null: they end. */
export type MigrationPreview = {
  from: number;
  to: number;
  share: number;
  steps: { from: string; to: string | null; runs: number }[];
  runs: number;
  job: JobView | null;
};

type Input = MigrationInput & { id: string; dryRun?: boolean | undefined };

/**
 * Moves the runs of one version of a flow to another in the background, or with `dryRun` says how many would go where. Throws
 * `invalid_migration` with every step that leads nowhere, `flow_version_not_found`, and `invalid_state` while another migration runs.
 */
export async function migrateFlow(
  platform: Platform,
  caller: Caller,
  { id, dryRun = false, ...input }: Input,
): Promise<MigrationPreview> {
  requireScope(caller, "flows:write");
  const parsed = migrationSchema.safeParse(input);
  if (!parsed.success) throw new AppError("invalid_request", undefined, { issues: issuesOf(parsed.error) });
  const { from: fromVersion, to: toVersion, map, share } = parsed.data;
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const from = await requireVersion(platform, flow.id, fromVersion);
  const to = await requireVersion(platform, flow.id, toVersion);
  if (from === to)
    throw new AppError("invalid_migration", undefined, {
      issues: [{ path: "to", message: "must be another version" }],
    });
  const plan = planMigration(from, to, map);
  if (!plan.ok) throw new AppError("invalid_migration", undefined, { issues: plan.issues });
  const standing = stepCounts(
    from,
    (await readCounts(platform.sql, { workspaceId: caller.workspaceId, subject: flow.id })).filter(
      ({ version }) => version === fromVersion,
    ),
  );
  const steps = [...plan.steps]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([step, target]) => ({
      from: step,
      to: target,
      runs: standing[step]?.waiting ?? 0,
    }));
  const params = { ...parsed.data, by: caller.name };
  const job = dryRun ? null : await begin(platform, caller, { flowId: flow.id, params });
  return { from: fromVersion, to: toVersion, share, steps, runs: steps.reduce((sum, { runs }) => sum + runs, 0), job };
}

async function requireVersion({ sql, flows }: Platform, flowId: string, version: number): Promise<CompiledFlow> {
  await flows.need(sql, [{ flowId, version }]);
  const found = flows.version(flowId, version);
  if (!found) throw new AppError("flow_version_not_found", `The flow has no version ${version}.`);
  return found;
}

type Begin = { flowId: string; params: Parameters<typeof insertJob>[1]["params"] };

async function begin(platform: Platform, caller: Caller, { flowId, params }: Begin): Promise<JobView> {
  const { workspaceId, name } = caller;
  const job = await platform.sql.begin(async (sql) => {
    const flow = await holdFlow(sql, workspaceId, flowId);
    // Two at a time could send the same runs round in circles.
    const running = await findRunningJob(sql, { flowId: flow.id, kinds: [migrateJob] });
    if (running)
      throw new AppError("invalid_state", "Another migration of the flow is under way.", {
        detail: { job: running.id },
      });
    const made = {
      id: newId(),
      workspaceId,
      flowId: flow.id,
      kind: migrateJob,
      params,
      createdBy: name,
      now: platform.now(),
    };
    return insertJob(sql, made);
  });
  platform.wake();
  const reader = { ...caller, scopes: new Set([...caller.scopes, "runs:read"]) };
  return getJob(platform, reader, job);
}
