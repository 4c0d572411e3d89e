import type { Work } from "../../core/flow/decide.ts";
import { inOrderOfTime } from "../../core/flow/order-of-time.ts";
import { admissionKey } from "../../core/flow/route.ts";
import type { Run } from "../../core/flow/run.ts";
import { segmentsOfWork } from "../../core/segment/touched.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { loadAdmissions } from "../../storage/admissions.ts";
import { type ContactCheck, takeChecks } from "../../storage/contact-checks.ts";
import { loadContacts } from "../../storage/contacts.ts";
import type { Transaction } from "../../storage/database.ts";
import { type Queued, type QueuedEvent, takeQueuedEvents } from "../../storage/events.ts";
import { type AnsweredEffect, takeAnswers } from "../../storage/outbox.ts";
import { loadLiveRuns, loadRuns, takeDueRuns } from "../../storage/runs.ts";
import type { ContactWork } from "./contact-work.ts";
import { loadGoalFacts } from "./goals.ts";
import { loadFacts, withFacts } from "./load-facts.ts";
import { loadTestFacts } from "./test-facts.ts";

/** What waits in the lanes of a pass. */
export type Taken = { events: Queued[]; due: Run[]; answers: AnsweredEffect[]; checks: ContactCheck[] };

/** Takes what is due in lanes that the caller holds, at most `perLane` of each sort from each lane. */
export async function takeWork(
  sql: Transaction,
  lanes: readonly number[],
  { now, perLane, withChecks }: { now: Date; perLane: number; withChecks: boolean },
): Promise<Taken> {
  const [events, due, answers, checks] = await Promise.all([
    takeQueuedEvents(sql, lanes, perLane),
    takeDueRuns(sql, { lanes, now, perLane }),
    takeAnswers(sql, lanes, perLane),
    withChecks ? takeChecks(sql, { lanes, now, perLane }) : [],
  ]);
  return { events, due, answers, checks };
}

/** Loads everything needed to decide about `taken`: contacts, their runs, earlier admissions and what flows and segments ask for. */
export async function loadWork(
  sql: Transaction,
  taken: Taken,
  { flows, now }: { flows: FlowCache; now: Date },
): Promise<ContactWork[]> {
  const contacts = contactsOf(taken);
  for (const contact of contacts.values())
    contact.segments = segmentsOfWork(flows.segments(contact.workspaceId), contact.work, contact.isDue);
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
  const goals = await loadGoalFacts(sql, { contacts, admissions, live, flows });
  const ended = [...goals.values()].flatMap((facts) => facts.ended);
  await flows.need(sql, [...runs.values(), ...ended]);
  const participating = await loadTestFacts(sql, contacts, flows);
  const facts = await loadFacts(sql, { flows, runs: [...runs.values()], contacts, now });
  for (const row of rows) {
    const found = contacts.get(row.id);
    if (!found) continue;
    found.participating = participating.get(row.id) ?? [];
    const contact = withFacts(row, facts);
    const activity = contact.activity ? { activity: contact.activity } : {};
    found.state = { contact, runs: new Map(), admissions: new Map(), ...activity, ...goals.get(row.id) };
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
function contactsOf({ events, due, answers, checks }: Taken): Map<string, ContactWork> {
  const contacts = new Map<string, ContactWork>();
  const find = (of: Owned): ContactWork => {
    const found = contacts.get(of.contactId) ?? noWork(of);
    contacts.set(of.contactId, found);
    return found;
  };
  const add = (of: Owned, item: Work) => find(of).work.push(item);
  for (const answer of answers)
    add(answer, { kind: "answer", runId: answer.runId, visit: answer.visit, answer: answer.answer });
  for (const next of inOrderOfTime(due, events)) {
    if ("due" in next) {
      add(next.due, { kind: "due", runId: next.due.id });
      continue;
    }
    const { item } = next;
    add(item, item.eventId === null ? { kind: "changed" } : { kind: "event", occurrence: occurrenceOf(item) });
    const found = find(item);
    found.touch = "change";
    found.depth = Math.max(found.depth, item.depth);
  }
  for (const check of checks) find(check).isDue = true;
  return contacts;
}

type Owned = { lane: number; contactId: string; workspaceId: string };

function noWork({ lane, contactId, workspaceId }: Owned): ContactWork {
  return {
    key: { lane, id: contactId },
    workspaceId,
    state: null,
    runs: [],
    participating: [],
    work: [],
    segments: [],
    touch: "time",
    isDue: false,
    depth: 0,
  };
}

function occurrenceOf(event: QueuedEvent) {
  const target =
    event.targetFlowId === null
      ? null
      : { flowId: event.targetFlowId, ...(event.targetEntry === null ? {} : { entry: event.targetEntry }) };
  const { eventId: id, name, payload, acceptedAt, depth, priority } = event;
  return { id, name, payload, acceptedAt, target, depth, priority };
}
