import { hasRunItsSpan, winnerOf } from "../../core/flow/ab-test.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { addParticipants, addWins, beginAbTests, decideAbTest, readAbFigures } from "../../storage/ab-tests.ts";
import type { Sql, Transaction } from "../../storage/database.ts";
import { bumpRoutingRevision } from "../../storage/workspaces.ts";
import type { TestRows } from "./collect-tests.ts";

/**
 * Decides the tests whose time has come, before a pass: in a commit of its own, so that every pass and process that begins later goes by
 * the same winner. It asks the database only while there is a test that is ripe.
 */
export async function decideAbTests(sql: Sql, flows: FlowCache, now: Date): Promise<void> {
  for (const { id: workspaceId, timeZone } of flows.workspaces()) {
    const ripe = flows
      .openTests(workspaceId)
      .filter(({ test, state }) => hasRunItsSpan(test, state.startedAt, { now, timeZone }));
    if (ripe.length === 0) continue;
    const all = await readAbFigures(sql, { workspaceId, flowIds: [...new Set(ripe.map(({ flowId }) => flowId))] });
    for (const { flowId, step, test } of ripe) {
      const figures = all
        .filter((row) => row.flowId === flowId && row.step === step)
        .map(({ variant, participants, wins }) => ({ variant, participants, wins }));
      const winner = winnerOf(test, figures);
      if (winner === null) continue;
      await sql.begin(async (transaction) => {
        const decided = { workspaceId, flowId, step, winner, figures, by: "engine", now };
        if (await decideAbTest(transaction, decided)) await bumpRoutingRevision(transaction, workspaceId);
      });
    }
  }
}

type Writing = { lane: number; flows: FlowCache; now: Date };

/** Writes what a pass found out about tests. `lane` is one that it holds. */
export async function writeTests(
  sql: Transaction,
  { participants, wins }: TestRows,
  { lane, flows, now }: Writing,
): Promise<void> {
  if (participants.length > 0) await addParticipants(sql, participants, { lane });
  if (wins.length > 0) await addWins(sql, wins, { lane });
  const begun = new Map(
    participants
      .filter(({ workspaceId, flowId, step }) => !flows.lookup(workspaceId).abStates?.(flowId, step))
      .map(({ workspaceId, flowId, step }) => [`${flowId}|${step}`, { workspaceId, flowId, step, startedAt: now }]),
  );
  if (begun.size === 0) return;
  for (const workspaceId of await beginAbTests(sql, [...begun.values()])) await bumpRoutingRevision(sql, workspaceId);
}
