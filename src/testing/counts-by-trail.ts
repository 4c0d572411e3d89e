import { expect } from "vitest";
import type { StepCounts } from "../core/flow/counts.ts";
import type { TrailEntry } from "../core/flow/run.ts";
import { flowCounts } from "../operations/flow-versions.ts";
import type { TestPlatform } from "./platform.ts";

type Row = { id: string; version: number; status: string; step: string | null; visit: number; isLive: boolean };
type Counted = Omit<StepCounts, "waiting"> & { waiting: number };

/** The roll-ups of a flow, by version and step, say what a count over its runs and their trails says. */
export async function expectCountsOfTrail(platform: TestPlatform, flowId: string): Promise<void> {
  const { sql, caller } = platform;
  const { versions } = await flowCounts(platform, caller, { id: flowId });
  const runs = await sql<Row[]>`
    select id, version, status, step, visit, ended_at is null as "isLive" from run where flow_id = ${flowId}`;
  const trail = await sql<{ runId: string; entries: TrailEntry[] }[]>`
    select run_id as "runId", entries from trail where run_id = any(${runs.map(({ id }) => id)}::uuid[])`;
  expect(versions.map(({ version }) => version).sort()).toEqual(
    [...new Set(runs.map(({ version }) => version))].sort(),
  );
  for (const { version, steps, started, live, completed, exited, failed, cancelled } of versions) {
    const own = runs.filter((run) => run.version === version);
    const ofStatus = (status: string) => own.filter((run) => run.status === status).length;
    expect({ started, live, completed, exited, failed, cancelled }).toEqual({
      started: own.length,
      live: own.filter(({ isLive }) => isLive).length,
      completed: ofStatus("completed"),
      exited: ofStatus("exited"),
      failed: ofStatus("failed"),
      cancelled: ofStatus("cancelled"),
    });
    const counted = countSteps(own, (id) => trail.flatMap(({ runId, entries }) => (runId === id ? entries : [])));
    for (const [step, counts] of Object.entries(steps)) expect([step, counts]).toEqual([step, counted(step)]);
  }
}

/** A step was entered by every visit that the trail names, and by who stands on it. */
function countSteps(runs: readonly Row[], trailOf: (runId: string) => TrailEntry[]): (step: string) => Counted {
  const visits = runs.flatMap((run) => {
    const entries = trailOf(run.id);
    const places = new Map(entries.map(({ visit, step }) => [`${visit}|${step}`, step]));
    if (run.step !== null) places.set(`${run.visit}|${run.step}`, run.step);
    return [...places.values()];
  });
  const all = runs.flatMap(({ id }) => trailOf(id));
  return (step) => {
    const here = runs.filter((run) => run.step === step);
    const left: Record<string, number> = {};
    for (const { exit } of all.filter((entry) => entry.step === step && entry.outcome === "went"))
      left[exit ?? ""] = (left[exit ?? ""] ?? 0) + 1;
    return {
      entered: visits.filter((visited) => visited === step).length,
      waiting: here.filter(({ isLive }) => isLive).length,
      left,
      failed: here.filter(({ status }) => status === "failed").length,
      ended: here.filter(({ isLive, status }) => !isLive && status !== "failed").length,
      moved: all.filter((entry) => entry.step === step && entry.outcome === "moved").length,
    };
  };
}
