import { goalAbout, winNames } from "../../core/flow/ab-test.ts";
import { isAboutRun } from "../../core/flow/about-run.ts";
import type { CompiledFlow } from "../../core/flow/compile.ts";
import type { Decision } from "../../core/flow/decision.ts";
import { runScope } from "../../core/flow/run-scope.ts";
import type { Occurrence } from "../../core/flow/step-kind.ts";
import type { WorkspaceFacts } from "../../core/flow/workspace-facts.ts";
import { isUuid } from "../../core/id.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Participant, WinRow } from "../../storage/ab-tests.ts";
import type { ContactWork } from "./contact-work.ts";

export type TestRows = { participants: Participant[]; wins: WinRow[] };

type Decided = { decision: Decision; flows: FlowCache; workspace: WorkspaceFacts; now: Date };

/** Gathers what a contact's work means to tests of variants: runs that take part from here on, and what they may win by. */
export function collectTests(rows: TestRows, contact: ContactWork, { decision, flows, workspace, now }: Decided): void {
  const { lane, id: contactId } = contact.key;
  const place = { lane, contactId };
  for (const { run, ...taken } of decision.variants)
    rows.participants.push({
      ...place,
      ...taken,
      flowId: run.flowId,
      runId: run.id,
      workspaceId: run.workspaceId,
      at: now,
    });
  for (const { run, trail } of decision.runs.values())
    for (const { step, goal } of stepGoals(flows.version(run.flowId, run.version)))
      for (const { visit } of trail.filter((entry) => entry.step === goal))
        rows.wins.push({ ...place, flowId: run.flowId, step, messageId: null, runId: run.id, visit, at: now });
  for (const item of contact.work) {
    if (item.kind !== "event") continue;
    for (const flow of flows.lookup(contact.workspaceId).listening(item.occurrence.name)) {
      rows.wins.push(...winsBy(flow, item.occurrence, { ...place, at: now }));
      rows.wins.push(...winsAbout(flow, item.occurrence, { contact, decision, workspace, now }));
    }
  }
}

function stepGoals(flow: CompiledFlow | undefined): { step: string; goal: string }[] {
  if (!flow || flow.tests.length === 0) return [];
  return flow.tests.flatMap(({ step, test: { by } }) =>
    typeof by !== "string" && "step" in by ? [{ step, goal: by.step }] : [],
  );
}

function winsBy(flow: CompiledFlow, { name, payload }: Occurrence, place: Pick<WinRow, "lane" | "contactId" | "at">) {
  const wins: WinRow[] = [];
  for (const { step, test } of flow.tests) {
    if (!winNames(test.by).includes(name) || goalAbout(test.by) !== null) continue;
    const win = { ...place, flowId: flow.id, step, runId: null, visit: null };
    if (typeof test.by !== "string") wins.push({ ...win, messageId: null });
    else if (typeof payload["message"] === "string" && isUuid(payload["message"]))
      wins.push({ ...win, messageId: payload["message"] });
  }
  return wins;
}

type Deciding = Pick<Decided, "decision" | "workspace" | "now"> & { contact: ContactWork };

/** Runs that win by an event which has to be about them. As they are after the pass: an answer that it brought is seen. */
function winsAbout(
  flow: CompiledFlow,
  { name, payload }: Occurrence,
  { contact: { participating, key }, decision, workspace, now }: Deciding,
): WinRow[] {
  return flow.tests.flatMap(({ step, test }) => {
    const about = goalAbout(test.by);
    if (about === null || !winNames(test.by).includes(name)) return [];
    return participating.flatMap(({ run: loaded, visit, at, ...place }) => {
      if (place.flowId !== flow.id || place.step !== step || at >= now) return [];
      const run = decision.runs.get(loaded.id)?.run ?? loaded;
      const scope = runScope(flow, run, { contact: decision.contact, workspace, now });
      if (!isAboutRun(about, payload, { scope, now })) return [];
      return [
        {
          lane: key.lane,
          contactId: key.id,
          flowId: flow.id,
          step,
          messageId: null,
          runId: run.id,
          visit: visit + 1,
          at: now,
        },
      ];
    });
  });
}
