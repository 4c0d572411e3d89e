import { AppError } from "../core/errors.ts";
import type { AbFigures, WonBy } from "../core/flow/ab-test.ts";
import { compileFlow } from "../core/flow/compile.ts";
import { type AbTestRow, loadAbTests, readAbFigures, setAbWinner } from "../storage/ab-tests.ts";
import type { Queryable } from "../storage/database.ts";
import { findFlowVersion } from "../storage/flow-reads.ts";
import type { FlowRow } from "../storage/flows.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { requireFlow } from "./flow-view.ts";
import { holdFlow } from "./flows.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** A test of variants: how it stands, and what it stood at when its winner was decided (`decided`, null before that). */
export type AbTestView = {
  step: string;
  winBy: WonBy;
  startedAt: Date | null;
  variants: (AbFigures & { weight: number })[];
  winner: string | null;
  decided: { at: Date; by: string; figures: AbFigures[] } | null;
};

/** The tests of variants in the published version of a flow. */
export async function listAbTests(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<{ data: AbTestView[]; nextCursor: null }> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  return { data: await viewTests(platform, platform.sql, flow), nextCursor: null };
}

/** Makes a variant the winner, whatever the figures say; runs that come to the step from now on take it. Live runs stay where they are. */
export async function setWinner(
  platform: Platform,
  caller: Caller,
  { id, step, variant }: { id: string; step: string; variant: string },
): Promise<AbTestView> {
  requireScope(caller, "flows:write");
  const now = platform.now();
  return platform.sql.begin(async (sql) => {
    const flow = await holdFlow(sql, caller.workspaceId, id);
    const found = (await viewTests(platform, sql, flow)).find((test) => test.step === step);
    if (!found) throw new AppError("ab_test_not_found");
    if (!found.variants.some((known) => known.variant === variant))
      throw new AppError("invalid_request", undefined, {
        issues: [{ path: "variant", message: `must be one of ${found.variants.map((it) => it.variant).join(", ")}` }],
      });
    const figures = found.variants.map(({ weight: _, ...figure }) => figure);
    const by = caller.name;
    await setAbWinner(sql, { workspaceId: flow.workspaceId, flowId: flow.id, step, winner: variant, figures, by, now });
    await bumpRoutingRevision(sql, flow.workspaceId);
    return { ...found, startedAt: found.startedAt ?? now, winner: variant, decided: { at: now, by, figures } };
  });
}

async function viewTests({ registry }: Platform, sql: Queryable, flow: FlowRow): Promise<AbTestView[]> {
  const { id: flowId, workspaceId, version } = flow;
  const row = version === null ? undefined : await findFlowVersion(sql, { flowId, version });
  if (!row) return [];
  const { tests } = compileFlow(
    { id: flowId, workspaceId, version: row.version, status: "paused" },
    row.definition,
    registry,
  );
  if (tests.length === 0) return [];
  const states = await loadAbTests(sql, { workspaceId, flowId });
  const figures = await readAbFigures(sql, { workspaceId, flowIds: [flowId] });
  return tests.map(({ step, test }) => {
    const state = states.find((it) => it.step === step);
    const variants = test.variants.map(({ name, weight }) => {
      const found = figures.find((it) => it.step === step && it.variant === name);
      return { variant: name, weight, participants: found?.participants ?? 0, wins: found?.wins ?? 0 };
    });
    return { step, winBy: test.by, startedAt: state?.startedAt ?? null, variants, ...decisionOf(state) };
  });
}

function decisionOf(state: AbTestRow | undefined): Pick<AbTestView, "winner" | "decided"> {
  if (!state?.decidedAt || state.winner === null) return { winner: null, decided: null };
  const { winner, decidedAt, decidedBy, figures } = state;
  return { winner, decided: { at: decidedAt, by: decidedBy ?? "", figures: figures ?? [] } };
}
