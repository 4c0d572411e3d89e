import { type IdentityInput, readIdentity } from "../core/contact-input.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { maxPayloadBytes, payloadIssues } from "../core/event-input.ts";
import { readVariables } from "../core/event-variables.ts";
import type { CompiledFlow } from "../core/flow/compile.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { KnownEvent } from "./event-catalog.ts";
import { type ExpectedFlows, expectFlows } from "./expect-flows.ts";
import type { IncomingEvent } from "./incoming-event.ts";
import { learnEvent } from "./learn-event.ts";
import type { Platform } from "./platform.ts";

export type NamedEventInput = {
  event: KnownEvent;
  contact: IdentityInput;
  payload: JsonObject;
  /** The number of the one flow that it is meant for. */
  flow: number | null;
  source: string;
  client: Json;
  idempotency?: { key: string; hash: string } | undefined;
  /** The size of the body it was read from, when `parseJson` has checked it. */
  checkedBytes: number;
};

/** `issues`: what of the call was not as declared, or passed over. `flows`: what it will do, as far as that is known before the pass. */
export type NamedEventReceipt = {
  eventId: string;
  contactId: string;
  listened: boolean;
  flows: ExpectedFlows;
  issues: Issue[];
  replayed: boolean;
};

/**
 * Records a call of an event that is in the event manager. An identity that cannot be is passed over when there is another one. Throws
 * `invalid_request` when nobody is named or the payload is too large, and `flow_not_found` for an unknown flow, with nothing stored.
 */
export async function recordNamedEvent(platform: Platform, input: NamedEventInput): Promise<NamedEventReceipt> {
  const { event, idempotency } = input;
  const { workspaceId } = event;
  const target = input.flow === null ? null : await requirePublished(platform, workspaceId, input.flow);
  const { incoming, issues } = readNamedEvent(input, target);
  // Before the event: a call that ends as an error of ours must not have left one.
  if (event.learns) await learnEvent(platform, event, incoming.payload);
  const { events, settled, replayed } = await platform.recorder.add({
    workspaceId,
    events: [incoming],
    idempotency: idempotency && { key: `named:${event.name}:${idempotency.key}`, hash: idempotency.hash },
  });
  const [recorded] = events;
  if (!recorded) throw new Error("A call was recorded as no event.");
  const flows = expectFlows(platform, { workspaceId, incoming, recorded, outcomes: settled[0] ?? null, target });
  return {
    eventId: recorded.eventId,
    contactId: recorded.contactId,
    listened: recorded.listened,
    flows,
    issues,
    replayed,
  };
}

async function requirePublished({ flows, sql }: Platform, workspaceId: string, number: number): Promise<CompiledFlow> {
  const known = flows.numbered(workspaceId).flows.get(number);
  if (known) return known;
  // It may have been published by another process.
  await flows.refresh(sql);
  const found = flows.numbered(workspaceId).flows.get(number);
  if (found) return found;
  throw new AppError("flow_not_found", `There is no published flow with the number ${number}.`);
}

function readNamedEvent(
  { event, contact, payload: given, source, client, checkedBytes }: NamedEventInput,
  target: CompiledFlow | null,
): { incoming: IncomingEvent; issues: Issue[] } {
  const { identity, issues: broken } = readIdentity(contact);
  const isNobody = Object.keys(identity).length === 0;
  const tooLarge = checkedBytes > maxPayloadBytes ? payloadIssues(given, "") : [];
  if (isNobody || tooLarge.length > 0)
    throw new AppError("invalid_request", undefined, { issues: [...(isNobody ? broken : []), ...tooLarge] });
  const { payload, issues } = readVariables(event.variables, given);
  return {
    incoming: {
      name: event.name,
      identity,
      payload,
      occurredAt: null,
      source,
      client,
      target: target && { flowId: target.id },
    },
    issues: [...broken, ...issues],
  };
}
