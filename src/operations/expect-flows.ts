import type { Contact } from "../core/contact.ts";
import type { CompiledFlow } from "../core/flow/compile.ts";
import { type Expectation, expectEntries } from "../core/flow/expect-entries.ts";
import { priorities } from "../core/flow/priority.ts";
import type { EventOutcome } from "../core/flow/route.ts";
import { laneOf } from "../core/id.ts";
import type { NumberedFlows } from "./flow-cache.ts";
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
  /** What it did, where that is known already. */
  outcomes: readonly EventOutcome[] | null;
  /** The one flow that it is meant for. */
  target: CompiledFlow | null;
};

const maxFlows = 100;

/** Says so from what is in memory, without a query. The last word is the event's own, once the flows have met it. */
export function expectFlows(platform: Platform, event: JustRecorded): ExpectedFlows {
  const { workspaceId, outcomes, target } = event;
  const numbered = platform.flows.numbered(workspaceId);
  const expected: ExpectedFlows = { starts: [], open: [], refused: [] };
  const found = outcomes === null ? foresee(platform, event) : refusalsOf(outcomes, numbered);
  if (target && !found.some(({ flow }) => flow.id === target.id))
    found.push({ flow: target, outcome: "refused", reason: "does_not_listen" });
  for (const one of found) add(expected, one, numbered.numbers.get(one.flow.id) ?? 0);
  return expected;
}

function refusalsOf(outcomes: readonly EventOutcome[], { flows, numbers }: NumberedFlows): Expectation[] {
  return outcomes.flatMap(({ flowId, reason }) => {
    const flow = flows.get(numbers.get(flowId) ?? 0);
    return flow ? [{ flow, outcome: "refused", reason: reason ?? "unknown" } as const] : [];
  });
}

function foresee({ flows, now }: Platform, event: JustRecorded): Expectation[] {
  const { workspaceId, incoming, recorded, target } = event;
  const workspace = flows.workspace(workspaceId);
  if (!workspace) return [];
  const listening = shownOf(flows.lookup(workspaceId).listening(incoming.name), target);
  const at = now();
  const occurrence = {
    id: recorded.eventId,
    name: incoming.name,
    payload: incoming.payload,
    target: incoming.target,
    acceptedAt: at,
    depth: 0,
    priority: priorities.normal,
  };
  const context = { contact: contactOf(event, at), isNew: recorded.contactCreated, workspace, now: at };
  return expectEntries(listening, occurrence, context);
}

/** The first of them, and always the one that is asked for. */
function shownOf(listening: readonly CompiledFlow[], target: CompiledFlow | null): CompiledFlow[] {
  return listening.filter(({ id }, index) => index < maxFlows || id === target?.id);
}

function add(expected: ExpectedFlows, { flow, outcome, reason }: Expectation, number: number): void {
  const { name } = flow.definition;
  if (outcome === "refused") expected.refused.push({ number, name, reason });
  else expected[outcome === "starts" ? "starts" : "open"].push({ number, name });
}

/** All that is known of whom the event is about. */
function contactOf({ workspaceId, incoming, recorded }: JustRecorded, createdAt: Date): Contact {
  const { contactId: id } = recorded;
  const { externalId = null, email = null, phone = null } = incoming.identity;
  return {
    id,
    lane: laneOf(id),
    workspaceId,
    externalId,
    email,
    phone,
    properties: {},
    tags: [],
    lists: {},
    timeZone: null,
    locale: null,
    createdAt,
  };
}
