import { isUuid } from "../id.ts";
import { goalAbout, winNames } from "./ab-test.ts";
import { isAboutRun } from "./about-run.ts";
import type { CompiledFlow } from "./compile.ts";
import type { FlowLookup, Work } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { Run } from "./run.ts";
import { runScope } from "./run-scope.ts";
import type { Occurrence } from "./step-kind.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/**
 * Something by which runs of the contact win a test: a message (the run that sent it after it took its variant), a step that a run has come to
 * by a later visit, or with neither an event, for all runs that took part before.
 */
export type Win = {
  flowId: string;
  step: string;
  messageId: string | null;
  runId: string | null;
  visit: number | null;
};

/** A run that took part in a test before, and the visit by which it took its variant. */
export type TakingPart = { run: Run; flowId: string; step: string; visit: number; at: Date };

type Decided = {
  decision: Pick<Decision, "runs" | "contact">;
  flows: Pick<FlowLookup, "listening" | "version">;
  participating: readonly TakingPart[];
  workspace: WorkspaceFacts;
  now: Date;
};

/** What a contact's work, and what was decided of it, means to tests of variants. */
export function winsOf(work: readonly Work[], decided: Decided): Win[] {
  const { decision, flows } = decided;
  const wins: Win[] = [];
  for (const { run, trail } of decision.runs.values())
    for (const { step, goal } of stepGoals(flows.version(run.flowId, run.version)))
      for (const { visit } of trail.filter((entry) => entry.step === goal))
        wins.push({ flowId: run.flowId, step, messageId: null, runId: run.id, visit });
  for (const item of work) {
    if (item.kind !== "event") continue;
    for (const flow of flows.listening(item.occurrence.name))
      wins.push(...winsBy(flow, item.occurrence), ...winsAbout(flow, item.occurrence, decided));
  }
  return wins;
}

function stepGoals(flow: CompiledFlow | undefined): { step: string; goal: string }[] {
  if (!flow || flow.tests.length === 0) return [];
  return flow.tests.flatMap(({ step, test: { by } }) =>
    typeof by !== "string" && "step" in by ? [{ step, goal: by.step }] : [],
  );
}

function winsBy(flow: CompiledFlow, { name, payload }: Occurrence): Win[] {
  const wins: Win[] = [];
  for (const { step, test } of flow.tests) {
    if (!winNames(test.by).includes(name) || goalAbout(test.by) !== null) continue;
    const win = { flowId: flow.id, step, runId: null, visit: null };
    if (typeof test.by !== "string") wins.push({ ...win, messageId: null });
    else if (typeof payload["message"] === "string" && isUuid(payload["message"]))
      wins.push({ ...win, messageId: payload["message"] });
  }
  return wins;
}

/** Runs that win by an event which has to be about them. As they are after the pass: an answer that it brought is seen. */
function winsAbout(
  flow: CompiledFlow,
  { name, payload }: Occurrence,
  { participating, decision, workspace, now }: Decided,
): Win[] {
  return flow.tests.flatMap(({ step, test }) => {
    const about = goalAbout(test.by);
    if (about === null || !winNames(test.by).includes(name)) return [];
    return participating.flatMap(({ run: loaded, visit, at, ...place }) => {
      if (place.flowId !== flow.id || place.step !== step || at >= now) return [];
      const run = decision.runs.get(loaded.id)?.run ?? loaded;
      const scope = runScope(flow, run, { contact: decision.contact, workspace, now });
      if (!isAboutRun(about, payload, { scope, now })) return [];
      return [{ flowId: flow.id, step, messageId: null, runId: run.id, visit: visit + 1 }];
    });
  });
}
