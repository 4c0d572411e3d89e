import { AppError } from "../core/errors.ts";
import type { CompiledFlow } from "../core/flow/compile.ts";
import { compileFlow } from "../core/flow/compile.ts";
import { stepCounts } from "../core/flow/counts.ts";
import { firstSends, type NextSends, nextSends } from "../core/flow/forecast.ts";
import { validateFlow } from "../core/flow/validate.ts";
import { laneCount } from "../core/id.ts";
import { readCounts } from "../storage/counters.ts";
import type { FlowRow } from "../storage/flows.ts";
import { countDue, type DueCount } from "../storage/run-forecast.ts";
import { requireFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

type StepForecast = {
  version: number;
  step: string;
  /** Runs that stand on the step. */
  runs: number;
  overdue: number;
  /** By hour from now, the first one first. */
  byHour: number[];
  next: NextSends;
};

/** `worst`: every run comes to a message when some way leads to one; `straight`: by the first exit of each step. */
type Messages = { straight: number; worst: number };

export type FlowForecast = {
  flowId: string;
  action: "resume" | "publish";
  at: Date;
  /** How many runs move as soon as it is done. */
  atOnce: number;
  messagesAtOnce: Messages;
  byHour: { from: Date; runs: number; messages: Messages }[];
  steps: StepForecast[];
  /** Where a contact who enters from then on comes to its first message, by entry. */
  entries: { entry: string; next: NextSends }[];
  /** How many of the lanes were counted in the time there was; the figures of what is due are projected from them. */
  lanesCounted: number;
  isEstimate: boolean;
};

const hours = 24;
const timeLimitMs = 2000;

/** Says what a resume or a publish will set off: who waits where, who moves at once, and how many messages are likely to follow. */
export async function forecastFlow(
  platform: Platform,
  caller: Caller,
  { id, action }: { id: string; action: "resume" | "publish" },
): Promise<FlowForecast> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const now = platform.now();
  const counts = await readCounts(platform.sql, { workspaceId: caller.workspaceId, subject: flow.id });
  const due = await countLanes(platform, { flowId: flow.id, now });
  const versions = [...new Set([...counts, ...due.counts].map(({ version }) => version))].sort((a, b) => a - b);
  await platform.flows.need(
    platform.sql,
    versions.map((version) => ({ flowId: flow.id, version })),
  );
  const steps = versions.flatMap((version) => {
    const compiled = platform.flows.version(flow.id, version);
    return compiled
      ? stepsOf(compiled, { counts: counts.filter((row) => row.version === version), due: due.counts })
      : [];
  });
  return {
    ...{ flowId: flow.id, action, at: now },
    // Publishing moves nobody: live runs stay on their version, and a flow that is held stays so.
    ...(action === "publish" ? { atOnce: 0, messagesAtOnce: { straight: 0, worst: 0 } } : atOnce(steps)),
    byHour: Array.from({ length: hours }, (_, hour) => hourOf(steps, { hour, now })),
    steps,
    entries: [...firstSends(await entered(platform, flow, action))].map(([entry, next]) => ({ entry, next })),
    lanesCounted: due.lanes,
    isEstimate: due.lanes < laneCount,
  };
}

/** The version that contacts enter afterwards: the draft as it would be published, or the present one. */
async function entered(
  platform: Platform,
  flow: FlowRow,
  action: string,
): Promise<Pick<CompiledFlow, "entries" | "steps">> {
  if (action === "publish") {
    const validated = validateFlow(flow.draft, platform.registry);
    if (!validated.ok) throw new AppError("invalid_flow", undefined, { issues: validated.issues });
    const identity = {
      id: flow.id,
      workspaceId: flow.workspaceId,
      version: (flow.version ?? 0) + 1,
      status: "active" as const,
    };
    return compileFlow(identity, validated.definition, platform.registry);
  }
  if (flow.version === null)
    throw new AppError("invalid_state", "The flow was never published.", { detail: { status: flow.status } });
  const key = { flowId: flow.id, version: flow.version };
  await platform.flows.need(platform.sql, [key]);
  return platform.flows.version(key.flowId, key.version) ?? { entries: [], steps: new Map() };
}

/** Contacts are dealt evenly into lanes, so that some lanes stand for all when there is no time for each. */
async function countLanes(
  { sql }: Platform,
  { flowId, now }: { flowId: string; now: Date },
): Promise<{ counts: DueCount[]; lanes: number }> {
  const startedAt = performance.now();
  const found: DueCount[] = [];
  let lanes = 0;
  for (let lane = 0; lane < laneCount; lane += 1) {
    const timeoutMs = timeLimitMs - (performance.now() - startedAt);
    const counted =
      timeoutMs <= 0 ? null : await countDue(sql, { lane, flowId, now, hours, timeoutMs }).catch(nullWhenSlow);
    if (counted === null) break;
    found.push(...counted);
    lanes += 1;
  }
  return { lanes, counts: lanes === 0 ? [] : found.map((row) => ({ ...row, count: (row.count * laneCount) / lanes })) };
}

function nullWhenSlow(error: unknown): null {
  if ((error as { code?: unknown }).code === "57014") return null;
  throw error;
}

type Counted = { counts: readonly { name: string; value: number }[]; due: readonly DueCount[] };

function stepsOf(flow: CompiledFlow, { counts, due }: Counted): StepForecast[] {
  const standing = stepCounts(flow, counts);
  return [...nextSends(flow)].flatMap(([step, next]) => {
    const own = due.filter((row) => row.version === flow.version && row.step === step);
    const runs = standing[step]?.waiting ?? 0;
    if (runs === 0 && own.length === 0) return [];
    const at = (hour: number | null) =>
      Math.round(sum(own.filter((row) => row.hour === hour).map(({ count }) => count)));
    const byHour = Array.from({ length: hours }, (_, hour) => at(hour));
    return [{ version: flow.version, step, runs, overdue: at(null), byHour, next }];
  });
}

function atOnce(steps: readonly StepForecast[]) {
  return {
    atOnce: sum(steps.map(({ overdue }) => overdue)),
    messagesAtOnce: messagesOf(steps, ({ overdue }) => overdue),
  };
}

function hourOf(steps: readonly StepForecast[], { hour, now }: { hour: number; now: Date }) {
  const runsOf = ({ byHour }: StepForecast) => byHour[hour] ?? 0;
  const from = new Date(now.getTime() + hour * 3_600_000);
  return { from, runs: sum(steps.map(runsOf)), messages: messagesOf(steps, runsOf) };
}

function messagesOf(steps: readonly StepForecast[], runsOf: (step: StepForecast) => number): Messages {
  return {
    straight: sum(steps.filter(({ next }) => next.straight !== null).map(runsOf)),
    worst: sum(steps.filter(({ next }) => next.worst.length > 0).map(runsOf)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
