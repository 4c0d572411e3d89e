import { goalAbout, winNames } from "../../core/flow/ab-test.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { loadOpenParticipants, type OpenParticipant, type TestPlace } from "../../storage/ab-tests.ts";
import type { Transaction } from "../../storage/database.ts";
import { loadRuns } from "../../storage/runs.ts";
import type { ContactWork, Participating } from "./contact-work.ts";

// With a flow that anybody enters again and again, the last runs are looked at.
const mostPerTest = 100;

/**
 * Loads, by contact, the runs that an event may make winners if it is about them. Nothing is asked unless an event is the goal of a test that
 * asks for more than its name.
 */
export async function loadTestFacts(
  sql: Transaction,
  contacts: ReadonlyMap<string, ContactWork>,
  flows: FlowCache,
): Promise<Map<string, Participating[]>> {
  const places = [...contacts.values()].flatMap((contact) => placesOf(contact, flows));
  const facts = new Map<string, Participating[]>();
  if (places.length === 0) return facts;
  const open = await loadOpenParticipants(sql, places, mostPerTest);
  const runs = new Map((await loadRuns(sql, keysOf(open))).map((run) => [run.id, run]));
  for (const participant of open) {
    const run = runs.get(participant.runId);
    if (!run) continue;
    const { contactId } = participant;
    facts.set(contactId, [...(facts.get(contactId) ?? []), { ...participant, run }]);
  }
  return facts;
}

function placesOf({ key: { lane, id: contactId }, workspaceId, work }: ContactWork, flows: FlowCache): TestPlace[] {
  const names = new Set(work.flatMap((item) => (item.kind === "event" ? [item.occurrence.name] : [])));
  const places = new Map<string, TestPlace>();
  for (const name of names)
    for (const { id: flowId, tests } of flows.lookup(workspaceId).listening(name))
      for (const { step, test } of tests)
        if (goalAbout(test.by) !== null && winNames(test.by).includes(name))
          places.set(`${flowId}|${step}`, { lane, contactId, flowId, step });
  return [...places.values()];
}

function keysOf(participants: readonly OpenParticipant[]) {
  const keys = new Map(participants.map(({ lane, runId: id }) => [id, { lane, id }]));
  return [...keys.values()];
}
