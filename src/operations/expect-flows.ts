import type { Contact } from "../core/contact.ts";
import type { CompiledFlow } from "../core/flow/compile.ts";
import { type Expectation, expectEntries } from "../core/flow/expect-entries.ts";
import { priorities } from "../core/flow/priority.ts";
import { laneOf } from "../core/id.ts";
import type { IncomingEvent, RecordedEvent } from "./incoming-event.ts";
import type { Platform } from "./platform.ts";

type NamedFlow = { number: number; name: string };

/**
 * What an event that was just recorded will do to the flows that listen to it: start it, leave it (with the reason), or (`open`) what only the
 * engine can say, who knows the contact. At most 100 flows.
 */
export type ExpectedFlows = {
  starts: NamedFlow[];
  open: NamedFlow[];
  refused: (NamedFlow & { reason: string })[];
};

export type JustRecorded = {
  workspaceId: string;
  incoming: IncomingEvent;
  recorded: RecordedEvent;
  /** The one flow that it is meant for. */
  target: CompiledFlow | null;
};

const maxFlows = 100;

/** Says so from what is in memory, without a query. The last word is the event's own, once the flows have met it. */
export function expectFlows({ flows, now }: Platform, event: JustRecorded): ExpectedFlows {
  const { workspaceId, incoming, recorded, target } = event;
  const expected: ExpectedFlows = { starts: [], open: [], refused: [] };
  const workspace = flows.workspace(workspaceId);
  if (!workspace) return expected;
  const listening = shownOf(flows.lookup(workspaceId).listening(incoming.name), target);
  const at = now();
  const occurrence = {
    ...{ id: recorded.eventId, name: incoming.name, payload: incoming.payload, target: incoming.target },
    ...{ acceptedAt: at, depth: 0, priority: priorities.normal },
  };
  const context = { contact: contactOf(event, at), isNew: recorded.contactCreated, workspace, now: at };
  const found = expectEntries(listening, occurrence, context);
  if (target && !found.some(({ flow }) => flow.id === target.id))
    found.push({ flow: target, outcome: "refused", reason: "does_not_listen" });
  const { numbers } = flows.numbered(workspaceId);
  for (const one of found) add(expected, one, numbers.get(one.flow.id) ?? 0);
  return expected;
}

/** The first of them, and always the one that is asked for. */
function shownOf(listening: readonly CompiledFlow[], target: CompiledFlow | null): CompiledFlow[] {
  return listening.filter(({ id }, index) => index < maxFlows || id === target?.id);
}

function add(expected: ExpectedFlows, { flow, outcome, reason }: Expectation, number: number): void {
  const named = { number, name: flow.definition.name };
  if (outcome === "refused") expected.refused.push({ ...named, reason });
  else expected[outcome === "starts" ? "starts" : "open"].push(named);
}

/** All that is known of whom the event is about. */
function contactOf({ workspaceId, incoming, recorded }: JustRecorded, createdAt: Date): Contact {
  const { contactId: id } = recorded;
  const { externalId = null, email = null, phone = null } = incoming.identity;
  const nothing = { properties: {}, tags: [], lists: {}, timeZone: null, locale: null };
  return { id, lane: laneOf(id), workspaceId, externalId, email, phone, ...nothing, createdAt };
}
