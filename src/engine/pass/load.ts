import type { Contact, MembershipState } from "../../core/contact.ts";
import type { ContactState, Work } from "../../core/flow/decide.ts";
import { admissionKey } from "../../core/flow/route.ts";
import type { Run } from "../../core/flow/run.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { loadAdmissions } from "../../storage/admissions.ts";
import { type ContactKey, loadContacts } from "../../storage/contacts.ts";
import type { Transaction } from "../../storage/database.ts";
import { type Queued, type QueuedEvent, takeQueuedEvents } from "../../storage/events.ts";
import { loadMemberships } from "../../storage/memberships.ts";
import { type AnsweredEffect, takeAnswers } from "../../storage/outbox.ts";
import { loadLiveRuns, loadRuns, takeDueRuns } from "../../storage/runs.ts";

/** What waits in the lanes of a pass. */
export type Taken = { events: Queued[]; due: Run[]; answers: AnsweredEffect[] };

/** One contact of a pass: what is known and what there is to do, in order. `state` is null when the contact is gone. */
export type ContactWork = {
  key: ContactKey;
  workspaceId: string;
  state: ContactState | null;
  runs: Run[];
  work: Work[];
};

/** Takes what is due in lanes that the caller holds, at most `perLane` of each sort from each lane. */
export async function takeWork(
  sql: Transaction,
  lanes: readonly number[],
  { now, perLane }: { now: Date; perLane: number },
): Promise<Taken> {
  const [events, due, answers] = await Promise.all([
    takeQueuedEvents(sql, lanes, perLane),
    takeDueRuns(sql, { lanes, now, perLane }),
    takeAnswers(sql, lanes, perLane),
  ]);
  return { events, due, answers };
}

/** Loads everything needed to decide about `taken`: contacts, their runs, earlier admissions and, where a flow asks for them, lists. */
export async function loadWork(sql: Transaction, taken: Taken, flows: FlowCache): Promise<ContactWork[]> {
  const contacts = contactsOf(taken);
  const withEvents = [...contacts.values()]
    .filter(({ work }) => work.some((item) => item.kind === "event" || item.kind === "changed"))
    .map(({ key }) => key);
  const keys = [...contacts.values()].map(({ key }) => key);
  const [rows, answered, live, admissions] = await Promise.all([
    loadContacts(sql, keys),
    taken.answers.length === 0
      ? []
      : loadRuns(
          sql,
          taken.answers.map(({ lane, runId }) => ({ lane, id: runId })),
        ),
    withEvents.length === 0 ? [] : loadLiveRuns(sql, withEvents),
    withEvents.length === 0 ? [] : loadAdmissions(sql, withEvents),
  ]);
  const runs = new Map([...taken.due, ...answered, ...live].map((run) => [run.id, run]));
  await flows.need(sql, [...runs.values()]);
  const lists = await listsOf(sql, keys, { flows, runs: [...runs.values()], contacts });
  for (const row of rows) {
    const found = contacts.get(row.id);
    if (found)
      found.state = { contact: { ...row, lists: lists.get(row.id) ?? {} }, runs: new Map(), admissions: new Map() };
  }
  for (const run of runs.values()) addRun(contacts.get(run.contactId), run);
  for (const row of admissions) {
    contacts
      .get(row.contactId)
      ?.state?.admissions.set(admissionKey(row.flowId, row.key), { lastAt: row.at, runId: row.runId });
  }
  return [...contacts.values()];
}

function addRun(found: ContactWork | undefined, run: Run): void {
  if (!found) return;
  found.runs.push(run);
  if (run.endedAt === null) found.state?.runs.set(run.id, run);
}

/** Answers first, then events in their order, with each run that is due before the first event that came after it was. */
function contactsOf({ events, due, answers }: Taken): Map<string, ContactWork> {
  const contacts = new Map<string, ContactWork>();
  const add = (of: { lane: number; contactId: string; workspaceId: string }, item: Work) => {
    const found = contacts.get(of.contactId);
    if (found) found.work.push(item);
    else
      contacts.set(of.contactId, {
        key: { lane: of.lane, id: of.contactId },
        workspaceId: of.workspaceId,
        state: null,
        runs: [],
        work: [item],
      });
  };
  for (const answer of answers)
    add(answer, { kind: "answer", runId: answer.runId, visit: answer.visit, answer: answer.answer });
  for (const item of inOrderOfTime(due, events)) {
    if (!("seq" in item)) add(item, { kind: "due", runId: item.id });
    else add(item, item.eventId === null ? { kind: "changed" } : { kind: "event", occurrence: occurrenceOf(item) });
  }
  return contacts;
}

/** A run that waits for an event until noon has it when it was accepted before noon, whenever the pass comes. */
function* inOrderOfTime(due: readonly Run[], events: readonly Queued[]): Generator<Run | Queued> {
  const waiting = [...due].sort((one, other) => wakeOf(one) - wakeOf(other));
  let next = 0;
  for (const item of events) {
    if (item.eventId !== null)
      for (; next < waiting.length && wakeOf(waiting[next] as Run) <= item.acceptedAt.getTime(); next += 1)
        yield waiting[next] as Run;
    yield item;
  }
  yield* waiting.slice(next);
}

function wakeOf({ wakeAt }: Run): number {
  return wakeAt?.getTime() ?? 0;
}

function occurrenceOf(event: QueuedEvent) {
  const target =
    event.targetFlowId === null
      ? null
      : { flowId: event.targetFlowId, ...(event.targetEntry === null ? {} : { entry: event.targetEntry }) };
  const { eventId: id, name, payload, acceptedAt, depth, priority } = event;
  return { id, name, payload, acceptedAt, target, depth, priority };
}

type ListsContext = { flows: FlowCache; runs: readonly Run[]; contacts: ReadonlyMap<string, ContactWork> };

async function listsOf(
  sql: Transaction,
  keys: readonly ContactKey[],
  { flows, runs, contacts }: ListsContext,
): Promise<Map<string, Contact["lists"]>> {
  const lists = new Map<string, Record<string, MembershipState>>();
  const asked =
    // Whoever hears of a list that was joined has to know that the contact was not in it before.
    [...contacts.values()].some(({ workspaceId }) => flows.hearsChanges(workspaceId).lists) ||
    runs.some((run) => flows.version(run.flowId, run.version)?.readsLists) ||
    [...contacts.values()].some(({ work, workspaceId }) =>
      work.some(
        (item) =>
          item.kind === "event" &&
          flows
            .lookup(workspaceId)
            .listening(item.occurrence.name)
            .some((flow) => flow.readsLists),
      ),
    );
  if (!asked) return lists;
  for (const { contactId, listId, state } of await loadMemberships(sql, keys)) {
    lists.set(contactId, { ...lists.get(contactId), [listId]: state });
  }
  return lists;
}
