import { evaluate } from "../condition/condition.ts";
import type { Contact } from "../contact.ts";
import { addDuration, firstTimeZone } from "../time.ts";
import type { CompiledFlow } from "./compile.ts";
import type { Goal } from "./definition.ts";
import { isLive, type Run } from "./run.ts";
import { runScope } from "./run-scope.ts";
import type { Occurrence } from "./step-kind.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/** A goal that a run has reached by an event. */
export type Conversion = { run: Run; goal: string; eventId: string; at: Date };

/** `converted` holds the goals that runs have reached already, by `conversionKey`. */
type GoalContext = {
  contact: Contact;
  workspace: WorkspaceFacts;
  now: Date;
  version(flowId: string, version: number): CompiledFlow | undefined;
  converted: ReadonlySet<string>;
};

type Reaching = {
  state: { contact: Contact; runs: ReadonlyMap<string, Run>; ended?: readonly Run[]; converted?: Set<string> };
  decision: {
    runs: ReadonlyMap<string, { run: Run }>;
    conversions: Conversion[];
    counts: { flowId: string; version: number; name: string }[];
  };
  context: Pick<GoalContext, "workspace" | "now"> & { flows: Pick<GoalContext, "version"> };
};

/** Adds to the decision the goals that runs reach by an event, those that have ended in it too, and remembers them in the state. */
export function reachGoals({ state, decision, context }: Reaching, occurrence: Occurrence): void {
  const { workspace, now, flows } = context;
  const converted = state.converted ?? new Set();
  state.converted = converted;
  const endedNow = [...decision.runs.values()].flatMap(({ run }) => (isLive(run) ? [] : [run]));
  const runs = [...state.runs.values(), ...(state.ended ?? []), ...endedNow];
  const version: GoalContext["version"] = (flowId, number) => flows.version(flowId, number);
  for (const found of findConversions(runs, occurrence, {
    contact: state.contact,
    workspace,
    now,
    version,
    converted,
  })) {
    const { id, flowId, version: number } = found.run;
    converted.add(conversionKey(id, found.goal));
    decision.conversions.push(found);
    decision.counts.push({ flowId, version: number, name: `$goal:${found.goal}` });
  }
}

/** The name of a goal of a run among those already reached. */
export function conversionKey(runId: string, goal: string): string {
  return `${runId}|${goal}`;
}

/** The goals that these runs, live or ended, reach by an event: each once for a run, and not later than its window allows. */
function findConversions(runs: Iterable<Run>, occurrence: Occurrence, context: GoalContext): Conversion[] {
  const found: Conversion[] = [];
  for (const run of runs) {
    const flow = context.version(run.flowId, run.version);
    for (const goal of flow?.definition.goals ?? []) {
      if (!flow || goal.event !== occurrence.name || context.converted.has(conversionKey(run.id, goal.name))) continue;
      if (isInTime(run, goal, { occurrence, context }) && holds(flow, run, { goal, occurrence, context }))
        found.push({ run, goal: goal.name, eventId: occurrence.id, at: occurrence.acceptedAt });
    }
  }
  return found;
}

type About = { occurrence: Occurrence; context: GoalContext };

/** From the event that began the run on, until the window after its end has closed. */
function isInTime(run: Run, { within }: Goal, { occurrence, context }: About): boolean {
  if (occurrence.acceptedAt < run.eventAt) return false;
  if (run.endedAt === null) return true;
  const zone = firstTimeZone([context.contact.timeZone, context.workspace.timeZone]);
  return occurrence.acceptedAt <= addDuration(run.endedAt, within, zone);
}

function holds(flow: CompiledFlow, run: Run, { goal, occurrence, context }: About & { goal: Goal }): boolean {
  if (goal.where === undefined) return true;
  const scope = runScope(flow, run, context);
  return evaluate(
    goal.where,
    { ...scope, event: occurrence.payload, run: { ...scope.run, event: run.event } },
    context.now,
  );
}
