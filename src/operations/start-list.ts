import { AppError } from "../core/errors.ts";
import { priorities } from "../core/flow/priority.ts";
import { laneOf } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import type { Transaction } from "../storage/database.ts";
import type { EventRow } from "../storage/event-rows.ts";
import { insertEvents } from "../storage/events.ts";
import { holdLanes } from "../storage/lanes.ts";
import { loadLiveRuns } from "../storage/runs.ts";
import { insertStartList } from "../storage/start-lists.ts";
import { cancelRuns } from "./end-runs.ts";
import { newId } from "./new-id.ts";
import type { UpsertContactInput } from "./plan-contacts.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { startEvent } from "./start-contacts.ts";
import { prepareStart } from "./start-flow.ts";
import { getStartList, type StartListView } from "./start-list-reads.ts";
import { stopEffectsOf } from "./stop-effects.ts";
import { maxContactsAtOnce, upsertContacts } from "./upsert-contacts.ts";

export type StartListInput = {
  /** The id or number of the flow. */
  flow: string;
  contacts: readonly UpsertContactInput[];
  variables?: JsonObject | undefined;
  /** Ends the other live runs of these contacts. */
  endsOthers?: boolean | undefined;
};

/**
 * Makes or changes contacts, and starts a flow for each of them with the same variables; a contact that is named twice starts once. What
 * became of each can be asked by the start's id. Throws `flow_not_found`, `invalid_state` unless the flow is active, and `invalid_request`
 * with every issue, before anything is stored.
 */
export async function startList(platform: Platform, caller: Caller, input: StartListInput): Promise<StartListView> {
  for (const scope of ["contacts:write", "runs:read"] as const) requireScope(caller, scope);
  const { contacts, endsOthers = false } = input;
  refuseLength(contacts.length);
  const start = await prepareStart(platform, caller, { id: input.flow, variables: input.variables });
  const { results } = await upsertContacts(platform, caller, { contacts });
  const ids = [...new Set(results.flatMap((result) => (result.status === "refused" ? [] : [result.contactId])))];
  const now = platform.now();
  const { workspaceId } = caller;
  const list = { ...start, id: newId(), workspaceId, endsOthers, createdBy: caller.name, createdAt: now };
  const events = ids.map((id) => startEvent(id, { ...list, priority: priorities.normal, now }));
  await platform.sql.begin(async (sql) => {
    if (endsOthers) await endOthers(sql, ids, { startListId: list.id, now });
    await insertStartList(sql, { ...list, contacts: ids.length }, contactRows(events, list));
    await insertEvents(sql, events);
  });
  platform.signal(new Set(events.map(({ lane }) => lane)));
  return getStartList(platform, caller, list);
}

function refuseLength(length: number): void {
  if (length > 0 && length <= maxContactsAtOnce) return;
  const message = `must have 1 to ${maxContactsAtOnce} contacts; these are ${length}`;
  throw new AppError("invalid_request", undefined, { issues: [{ path: "contacts", message }] });
}

function contactRows(events: readonly EventRow[], { id, flowId }: { id: string; flowId: string }) {
  return events.map(({ lane, id: eventId, contactId, workspaceId }) => ({
    ...{ lane, eventId, contactId, workspaceId, flowId },
    startListId: id,
  }));
}

/** Ends what the contacts are in, and takes back what those runs asked for and nobody has begun. */
async function endOthers(
  sql: Transaction,
  contactIds: readonly string[],
  { startListId, now }: { startListId: string; now: Date },
): Promise<void> {
  const keys = contactIds.map((id) => ({ lane: laneOf(id), id }));
  await holdLanes(sql, [...new Set(keys.map(({ lane }) => lane))]);
  const runs = await loadLiveRuns(sql, keys);
  const reason = "ended_by_priority";
  await stopEffectsOf(sql, runs, { reason, now });
  await cancelRuns(sql, runs, { reason, detail: { startListId }, now });
}
