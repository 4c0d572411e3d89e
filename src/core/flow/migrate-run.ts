import type { Issue } from "../errors.ts";
import type { CompiledFlow } from "./compile.ts";
import { type Count, countOf, endCounts } from "./counts.ts";
import { placeOf } from "./end-moved.ts";
import { endRun, type Run, type TrailEntry } from "./run.ts";

/** Where each step of the old version leads in the new one; null ends the run. */
export type StepMap = Readonly<Record<string, string | null>>;
export type MigrationPlan = { ok: true; steps: ReadonlyMap<string, string | null> } | { ok: false; issues: Issue[] };

/**
 * Says for every step of `from` where a run that stands on it goes in `to`: where `map` says, or to the step of the same name and kind.
 * Names every step for which neither is there, and every name in the map that is none.
 */
export function planMigration(from: CompiledFlow, to: CompiledFlow, map: StepMap): MigrationPlan {
  const steps = new Map<string, string | null>();
  const issues = mapIssues(from, to, map);
  for (const [name, step] of from.steps) {
    const target = Object.hasOwn(map, name) ? map[name] : undefined;
    const same = to.steps.get(name);
    if (target !== undefined) steps.set(name, target);
    else if (same && same.kind.name === step.kind.name) steps.set(name, name);
    else issues.push({ path: `map.${name}`, message: missing(same?.kind.name, { step: step.kind.name, to }) });
  }
  return issues.length === 0 ? { ok: true, steps } : { ok: false, issues };
}

function mapIssues(from: CompiledFlow, to: CompiledFlow, map: StepMap): Issue[] {
  return Object.entries(map).flatMap(([name, target]) => [
    ...(from.steps.has(name) ? [] : [{ path: `map.${name}`, message: `version ${from.version} has no such step` }]),
    ...(target === null || to.steps.has(target)
      ? []
      : [{ path: `map.${name}`, message: `version ${to.version} has no step "${target}"` }]),
  ]);
}

function missing(kind: string | undefined, { step, to }: { step: string; to: CompiledFlow }): string {
  const why =
    kind === undefined
      ? `version ${to.version} has no step of that name`
      : `it is a "${step}" here and a "${kind}" there`;
  return `say which step its runs go to, or null to end them: ${why}`;
}

/** A run as it is after something from outside moved or ended it, with what has to be written besides. */
export type RunChange = { run: Run; trail: TrailEntry; counts: { version: number; name: Count }[] };

export type Migration = {
  from: CompiledFlow;
  to: CompiledFlow;
  steps: ReadonlyMap<string, string | null>;
  by: string;
};

/**
 * The run on the new version, or "later" when it waits for an answer that the new step would not understand: it is moved when it has had
 * it. What it has and the instant it entered its step stay, so that a wait is counted anew from there.
 */
export function migrateRun(run: Run, { from, to, steps, by }: Migration, now: Date): RunChange | "later" {
  const target = run.step === null ? null : (steps.get(run.step) ?? null);
  const isSameKind = kindOf(from, run.step) === kindOf(to, target);
  if (run.status === "asking" && target !== null && !isSameKind) return "later";
  const place = placeOf(run, "migration", now);
  const detail = { from: from.version, to: to.version, step: target, by };
  if (target === null) {
    const reason = "migrated_out";
    return {
      run: endRun(run, "cancelled", { now, reason }),
      trail: { ...place, outcome: "cancelled", reason, detail },
      counts: endCounts(run, "cancelled").map((name) => ({ version: run.version, name })),
    };
  }
  const moved = { ...run, version: to.version, step: target };
  return {
    // A new visit, so that an effect of the new step never has the key of one of the old step.
    run: run.status === "asking" ? moved : { ...moved, visit: run.visit + 1, status: "active", wakeAt: now },
    trail: { ...place, outcome: "moved", detail },
    counts: [
      { version: from.version, name: "movedOut" },
      { version: to.version, name: "movedIn" },
      ...(run.step === null ? [] : [{ version: from.version, name: countOf.taken(run.step) }]),
      { version: to.version, name: countOf.arrived(target) },
    ],
  };
}

function kindOf(flow: CompiledFlow, step: string | null): string | undefined {
  return step === null ? undefined : flow.steps.get(step)?.kind.name;
}
