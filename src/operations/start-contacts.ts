import { type IdentityInput, readIdentity } from "../core/contact-input.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { occurrenceName } from "../core/flow/occurrence-names.ts";
import type { Priority } from "../core/flow/priority.ts";
import { isUuid, laneOf } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import { findContacts } from "../storage/contact-reads.ts";
import type { EventRow } from "../storage/event-rows.ts";
import { insertEvents } from "../storage/events.ts";
import { findIdentities } from "../storage/identities.ts";
import { newIdInLane } from "./new-id.ts";
import type { Caller, Platform } from "./platform.ts";
import { type Identity, identityRows } from "./resolve-contacts.ts";

type Choice = IdentityInput & { id?: string | undefined };

export type ContactsStart = {
  flowId: string;
  entry: string;
  contacts: readonly Choice[];
  /** Where the contacts are in the request: `contact` is one. */
  path: "contact" | "contacts";
  variables: JsonObject;
  priority: Priority;
};

/** What came of one contact: the event that starts it, or why there is none. */
export type StartResult =
  | { status: "queued"; eventId: string; contactId: string }
  | { status: "refused"; issues: Issue[] };

/** Puts contacts in line to start a flow; each stands for itself. Throws `invalid_request` and `contact_not_found` when it is one. */
export async function startContacts(platform: Platform, caller: Caller, start: ContactsStart): Promise<StartResult[]> {
  const { contacts, path } = start;
  const read = contacts.map((choice, index) => readChoice(choice, path === "contact" ? path : `${path}[${index}]`));
  const known = await resolve(platform, caller.workspaceId, read);
  const now = platform.now();
  const events: EventRow[] = [];
  const results = read.map(({ path: at, issues }, index): StartResult => {
    const contactId = known[index];
    if (issues.length > 0) return { status: "refused", issues };
    if (contactId === undefined)
      return { status: "refused", issues: [{ path: at, message: "there is no such contact" }] };
    const event = startEvent(contactId, { ...start, workspaceId: caller.workspaceId, now });
    events.push(event);
    return { status: "queued", eventId: event.id, contactId };
  });
  const [only] = results;
  if (path === "contact" && only?.status === "refused")
    throw new AppError(read[0]?.issues.length === 0 ? "contact_not_found" : "invalid_request", undefined, only);
  if (events.length > 0) await insertEvents(platform.sql, events);
  platform.signal(new Set(events.map(({ lane }) => lane)));
  return results;
}

type ReadChoice = { path: string; id: string | undefined; identity: Identity; issues: Issue[] };

function readChoice({ id, ...input }: Choice, path: string): ReadChoice {
  const { identity, issues } = readIdentity(input, { path, required: id === undefined });
  if (id !== undefined && !isUuid(id)) issues.push({ path: `${path}.id`, message: "must be a UUID" });
  if (id !== undefined && Object.keys(input).length > 0)
    issues.push({ path, message: "must be named by id or by identities, not both" });
  return { path, id, identity, issues };
}

/** The id of the contact that each means, by precedence of its identities; undefined where there is none. */
async function resolve(
  { sql }: Platform,
  workspaceId: string,
  choices: readonly ReadChoice[],
): Promise<(string | undefined)[]> {
  const sound = choices.filter(({ issues }) => issues.length === 0);
  const ids = sound.flatMap(({ id }) => id ?? []);
  const rows = sound.flatMap(({ identity }) => identityRows(workspaceId, identity));
  const [there, owned] = await Promise.all([
    ids.length === 0 ? [] : findContacts(sql, { workspaceId, ids }),
    rows.length === 0 ? [] : findIdentities(sql, rows),
  ]);
  const contacts = new Set(there.map((contact) => contact.id));
  const owners = new Map(owned.map(({ kind, value, contactId }) => [`${kind}|${value}`, contactId]));
  return choices.map(({ id, identity, issues }) => {
    if (issues.length > 0) return undefined;
    if (id !== undefined) return contacts.has(id) ? id : undefined;
    const [owner] = identityRows(workspaceId, identity).flatMap(
      ({ kind, value }) => owners.get(`${kind}|${value}`) ?? [],
    );
    return owner;
  });
}

type ContactStart = Pick<ContactsStart, "flowId" | "entry" | "variables" | "priority"> & {
  workspaceId: string;
  now: Date;
};

/** The event that starts a flow for a contact. */
export function startEvent(
  contactId: string,
  { workspaceId, flowId, entry, variables, priority, now }: ContactStart,
): EventRow {
  const lane = laneOf(contactId);
  return {
    lane,
    contactId,
    id: newIdInLane(lane),
    workspaceId,
    name: occurrenceName.start(flowId),
    payload: variables,
    occurredAt: now,
    acceptedAt: now,
    source: "api",
    client: null,
    targetFlowId: flowId,
    targetEntry: entry,
    queued: true,
    priority,
  };
}
