import { endRun, type Run } from "../core/flow/run.ts";
import type { Json } from "../core/json.ts";
import { addCounts } from "../storage/counters.ts";
import type { Transaction } from "../storage/database.ts";
import { updateRuns } from "../storage/runs.ts";
import { insertTrail } from "../storage/trail.ts";

type End = { reason: string; detail?: Json; now: Date };

// After the entries of a pass in the same millisecond, whose seq is a visit.
const trailSeq = 1_000_000;

/** Ends live runs of one lane from outside a pass, with an entry in their trail. The caller holds the lane. */
export async function cancelRuns(sql: Transaction, runs: readonly Run[], { reason, detail, now }: End): Promise<Run[]> {
  if (runs.length === 0) return [];
  const ended = runs.map((run) => endRun(run, "cancelled", { now, reason }));
  await updateRuns(
    sql,
    ended.map((run) => ({ run, dataChanged: false })),
  );
  await insertTrail(
    sql,
    ended.map((run) => ({
      lane: run.lane,
      runId: run.id,
      seq: trailSeq,
      at: now,
      entries: [entryOf(run, { reason, ...(detail === undefined ? {} : { detail }), now })],
    })),
  );
  await addCounts(sql, countsOf(ended));
  return ended;
}

function entryOf(run: Run, { reason, detail, now }: End) {
  const place = {
    visit: run.visit,
    step: run.step ?? "",
    kind: "cancel",
    enteredAt: run.enteredAt.toISOString(),
    at: now.toISOString(),
  };
  return { ...place, outcome: "cancelled" as const, reason, ...(detail === undefined ? {} : { detail }) };
}

function countsOf(runs: readonly Run[]) {
  const counts = new Map<string, Parameters<typeof addCounts>[1][number]>();
  for (const { lane, workspaceId, flowId, version } of runs) {
    const key = `${flowId}|${version}`;
    const by = (counts.get(key)?.by ?? 0) + 1;
    counts.set(key, { lane, workspaceId, subject: flowId, version, name: "cancelled", by });
  }
  return [...counts.values()];
}
