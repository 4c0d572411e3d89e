import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { findEvent, findPending, listEventRows, loadOutcomes, type StoredOutcome } from "../storage/event-reads.ts";
import type { EventRow } from "../storage/event-rows.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, instantFilter, knownId, textFilter } from "./read-filter.ts";

/** An event as callers see it. `reason` says why it met no flow, when none listened to its name as it came in. */
export type EventView = {
  id: string;
  name: string;
  contactId: string;
  payload: JsonObject;
  occurredAt: Date;
  acceptedAt: Date;
  source: string;
  client: Json;
  target: { flowId: string; entry: string | null } | null;
  queued: boolean;
  reason: "no_flow_listens" | null;
};

type EventQuery = PageInput & {
  name?: string | undefined;
  contactId?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
};

/** Events, newest first; `since` is included and `until` is not. */
export async function listEvents(platform: Platform, caller: Caller, query: EventQuery): Promise<Page<EventView>> {
  requireScope(caller, "events:read");
  const { before, limit } = readPage(query);
  const name = textFilter(query.name, "name");
  const rows = await listEventRows(platform.sql, {
    workspaceId: caller.workspaceId,
    names: name === null ? null : [name],
    contactId: idFilter(query.contactId, "contactId"),
    since: instantFilter(query.since, "since"),
    until: instantFilter(query.until, "until"),
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(viewEvent), limit, ({ id }) => id);
}

export type EventDetail = EventView & { outcomes: Omit<StoredOutcome, "eventId">[]; pending: boolean };

/** An event with what it did to each flow that listened. `pending`: it still waits to meet them. */
export async function getEvent(platform: Platform, caller: Caller, { id }: { id: string }): Promise<EventDetail> {
  requireScope(caller, "events:read");
  const row = await findEvent(platform.sql, { workspaceId: caller.workspaceId, id: knownId(id, "event_not_found") });
  if (!row) throw new AppError("event_not_found");
  const about = { contactId: row.contactId, eventIds: [id] };
  const [pending, outcomes] = await Promise.all([findPending(platform.sql, about), loadOutcomes(platform.sql, about)]);
  return {
    ...viewEvent(row),
    outcomes: outcomes.map(({ eventId: _, ...outcome }) => outcome),
    pending: pending.has(id),
  };
}

/** An event as callers see it. */
export function viewEvent({ lane: _, workspaceId: __, targetFlowId, targetEntry, ...event }: EventRow): EventView {
  return {
    ...event,
    target: targetFlowId === null ? null : { flowId: targetFlowId, entry: targetEntry },
    reason: event.queued ? null : "no_flow_listens",
  };
}
