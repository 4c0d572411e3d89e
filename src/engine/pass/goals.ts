import type { Work } from "../../core/flow/decide.ts";
import { conversionKey } from "../../core/flow/goals.ts";
import type { Run } from "../../core/flow/run.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { AdmissionRow } from "../../storage/admissions.ts";
import { loadConversions } from "../../storage/conversions.ts";
import type { Transaction } from "../../storage/database.ts";
import { loadRuns } from "../../storage/runs.ts";

type WorkOfContact = { key: { id: string }; workspaceId: string; work: readonly Work[] };

/** The runs of a contact that goals may count for besides the live ones, and the goals that its runs have reached already. */
export type GoalFacts = { ended: Run[]; converted: Set<string> };

// By key, a contact can have been in a flow very often; the last ones are looked at.
const mostPerContact = 50;

type GoalQuestion = {
  contacts: ReadonlyMap<string, WorkOfContact>;
  admissions: readonly AdmissionRow[];
  live: readonly Run[];
  flows: FlowCache;
};

/** Loads what goals ask for, by contact. Nothing is asked unless some event is a goal of a flow that the contact was in. */
export async function loadGoalFacts(
  sql: Transaction,
  { contacts, admissions, live, flows }: GoalQuestion,
): Promise<Map<string, GoalFacts>> {
  const facts = new Map<string, GoalFacts>();
  const wanted = goalFlowsOf(contacts, flows);
  if (wanted.size === 0) return facts;
  const isWanted = (run: { contactId: string; flowId: string }) => wanted.get(run.contactId)?.has(run.flowId) ?? false;
  const running = live.filter(isWanted);
  const liveIds = new Set(live.map(({ id }) => id));
  const last = lastOf(admissions.filter((row) => isWanted(row) && !liveIds.has(row.runId)));
  const ended = last.length === 0 ? [] : await loadRuns(sql, last);
  const known = running.length + ended.length === 0 ? [] : await loadConversions(sql, [...running, ...ended]);
  const owners = new Map<string, GoalFacts>();
  for (const run of [...running, ...ended]) {
    const own = facts.get(run.contactId) ?? { ended: [], converted: new Set() };
    facts.set(run.contactId, own);
    owners.set(run.id, own);
    if (run.endedAt !== null) own.ended.push(run);
  }
  for (const { runId, goal } of known) owners.get(runId)?.converted.add(conversionKey(runId, goal));
  return facts;
}

/** The flows, by contact, of which some event of the contact may be a goal. */
function goalFlowsOf(contacts: ReadonlyMap<string, WorkOfContact>, flows: FlowCache): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  for (const { key, workspaceId, work } of contacts.values()) {
    const ids = work.flatMap((item) =>
      item.kind === "event" ? [...flows.goalFlows(workspaceId, item.occurrence.name)] : [],
    );
    if (ids.length > 0) wanted.set(key.id, new Set(ids));
  }
  return wanted;
}

function lastOf(admissions: readonly AdmissionRow[]): { lane: number; id: string }[] {
  const counts = new Map<string, number>();
  const newest = [...admissions].sort((one, other) => other.at.getTime() - one.at.getTime());
  return newest.flatMap(({ contactId, lane, runId }) => {
    const count = (counts.get(contactId) ?? 0) + 1;
    counts.set(contactId, count);
    return count > mostPerContact ? [] : [{ lane, id: runId }];
  });
}
