import { endCounts } from "../core/flow/counts.ts";
import { placeOf } from "../core/flow/end-moved.ts";
import type { RunChange } from "../core/flow/migrate-run.ts";
import { endRun, type Run } from "../core/flow/run.ts";
import type { Json } from "../core/json.ts";
import { addCounts, type CounterRow } from "../storage/counters.ts";
import type { Transaction } from "../storage/database.ts";
import { moveRuns } from "../storage/run-changes.ts";
import { insertTrail } from "../storage/trail.ts";

type End = { reason: string; detail?: Json; now: Date };

// After the entries of a pass in the same millisecond, whose seq is a visit.
const endSeq = 1_000_000;

/** Ends live runs from outside a pass, with an entry in their trail. The caller holds their lanes. */
export async function cancelRuns(sql: Transaction, runs: readonly Run[], { reason, detail, now }: End): Promise<Run[]> {
  if (runs.length === 0) return [];
  const changes = runs.map((run) => ({
    run: endRun(run, "cancelled", { now, reason }),
    trail: {
      ...placeOf(run, "cancel", now),
      ...{ outcome: "cancelled" as const, reason },
      ...(detail === undefined ? {} : { detail }),
    },
    counts: endCounts(run, "cancelled").map((name) => ({ version: run.version, name })),
  }));
  await saveChanges(sql, changes, now);
  return changes.map(({ run }) => run);
}

/** Saves what something from outside a pass made of runs, with their trail and the roll-ups. The caller holds their lanes. */
export async function saveChanges(sql: Transaction, changes: readonly RunChange[], now: Date): Promise<void> {
  if (changes.length === 0) return;
  const trail = changes.map(({ run, trail: entry }) => ({
    lane: run.lane,
    runId: run.id,
    seq: run.endedAt === null ? entry.visit : endSeq,
    at: now,
    entries: [entry],
  }));
  await moveRuns(
    sql,
    changes.map(({ run }) => run),
  );
  await insertTrail(sql, trail);
  await addCounts(sql, countRows(changes));
}

/** Counts of runs as rows of the roll-ups. */
function countRows(changes: readonly Pick<RunChange, "run" | "counts">[]): CounterRow[] {
  const rows = new Map<string, CounterRow>();
  for (const { run, counts } of changes) {
    const { lane, workspaceId, flowId } = run;
    for (const { version, name } of counts) {
      const key = `${lane}|${flowId}|${version}|${name}`;
      const by = (rows.get(key)?.by ?? 0) + 1;
      rows.set(key, { lane, workspaceId, subject: flowId, version, name, by });
    }
  }
  return [...rows.values()];
}
