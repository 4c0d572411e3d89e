import type { MembershipState } from "../core/contact.ts";
import {
  type ContactChangeInput,
  changeContact,
  type ReadContactChange,
  readContactChange,
} from "../core/contact-change.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { laneOf } from "../core/id.ts";
import { isConflict } from "../storage/conflicts.ts";
import { saveContact } from "../storage/contact-changes.ts";
import { type ContactRecord, findContact, lockContact } from "../storage/contact-reads.ts";
import { type ContactRow, insertContacts } from "../storage/contacts.ts";
import type { Sql, Transaction } from "../storage/database.ts";
import { findIdentities } from "../storage/identities.ts";
import { setMemberships } from "../storage/memberships.ts";
import { moveIdentities } from "./claim-identities.ts";
import { type ContactView, viewContact } from "./contact-view.ts";
import type { FlowCache } from "./flow-cache.ts";
import { requireLists } from "./lists.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { identityRows } from "./resolve-contacts.ts";
import { listsOf, tellChanges } from "./tell-changes.ts";
import { Overtaken, overtakenTooOften } from "./write-events.ts";

/** With an `id` that contact is changed; without, the one that the identities name, or a new one. */
export type UpsertContactInput = ContactChangeInput & {
  id?: string | undefined;
  lists?: { id: string; state: MembershipState }[] | undefined;
};

/**
 * Makes a contact or changes it, in one commit. A changed identity is claimed and the old one set free. Throws `identity_taken` when
 * an identity belongs to another contact, also when e-mail or phone name one that has another external id.
 */
export async function upsertContact(
  platform: Platform,
  caller: Caller,
  input: UpsertContactInput,
): Promise<{ contact: ContactView; created: boolean }> {
  requireScope(caller, "contacts:write");
  if (input.id !== undefined) knownId(input.id, "contact_not_found");
  const change = readContactChange(input, { required: input.id === undefined });
  refuseIf(change.issues);
  const { workspaceId } = caller;
  const upsert: Upsert = { workspaceId, input, change, flows: platform.flows, now: platform.now() };
  const { lanes, ...written } = await retryOvertaken(platform.sql, (sql) => write(sql, upsert));
  if (lanes.length > 0) platform.signal(lanes);
  return written;
}

type Upsert = {
  workspaceId: string;
  input: UpsertContactInput;
  change: ReadContactChange;
  flows: FlowCache;
  now: Date;
};
type Written = { contact: ContactView; created: boolean; lanes: number[] };
/** A contact as it is now, and as it was. */
type Step = { contact: ContactRow; old: ContactRow };

/** Runs `act` in a transaction, and again when another writer took an identity between its look and its write. */
async function retryOvertaken<Result>(sql: Sql, act: (sql: Transaction) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await sql.begin(act)) as Result;
    } catch (error) {
      if (!(error instanceof Overtaken || isConflict(error))) throw error;
      if (attempt === 10) throw overtakenTooOften(error);
    }
  }
}

async function write(sql: Transaction, upsert: Upsert): Promise<Written> {
  const { workspaceId, input } = upsert;
  const ids = (input.lists ?? []).map(({ id }) => id);
  await Promise.all([requireLists(sql, workspaceId, ids), upsert.flows.refresh(sql)]);
  const id = input.id ?? (await findTarget(sql, upsert));
  const step = id === undefined ? await create(sql, upsert) : await change(sql, upsert, id);
  const lanes = await joinAndTell(sql, upsert, step);
  const stored = await findContact(sql, { workspaceId, id: step.contact.id });
  if (!stored) throw new Error(`The contact ${step.contact.id} is gone within its own transaction.`);
  return { contact: await viewContact(sql, stored), created: id === undefined, lanes };
}

/** Puts the contact into the lists it is to be in, and tells flows what is another now. Returns the lanes with work. */
async function joinAndTell(sql: Transaction, upsert: Upsert, { contact, old }: Step): Promise<number[]> {
  const { workspaceId, input, flows, now } = upsert;
  const { lane, id: contactId } = contact;
  const lists = input.lists ?? [];
  const before = lists.length === 0 ? {} : await listsOf(sql, contact);
  const rows = lists.map(({ id: listId, state }) => ({ lane, contactId, listId, workspaceId, state, at: now }));
  if (rows.length > 0) await setMemberships(sql, rows);
  const after = { ...before, ...Object.fromEntries(lists.map(({ id, state }) => [id, state])) };
  const set = Object.keys(input.properties ?? {});
  return tellChanges(
    sql,
    { contact, before: { ...old, lists: before }, after: { ...contact, lists: after }, set },
    { flows, now },
  );
}

/** The contact that the first identity with an owner names. */
async function findTarget(sql: Transaction, { workspaceId, change }: Upsert): Promise<string | undefined> {
  const rows = identityRows(workspaceId, change.identity);
  const owned = await findIdentities(sql, rows);
  const owners = rows.flatMap(({ kind }) => owned.find((row) => row.kind === kind) ?? []);
  return owners[0]?.contactId;
}

async function create(sql: Transaction, { workspaceId, change, now }: Upsert): Promise<Step> {
  const id = newId();
  const blank = { externalId: null, email: null, phone: null, properties: {}, tags: [], timeZone: null, locale: null };
  const old = { lane: laneOf(id), id, workspaceId, ...blank, createdAt: now };
  const { contact, issues } = changeContact(old, change);
  refuseIf(issues);
  await moveIdentities(sql, { to: contact, claimed: change.identity, released: {}, onTaken: "look-again" });
  await insertContacts(sql, [contact]);
  return { contact, old };
}

async function change(sql: Transaction, { workspaceId, input, change, now }: Upsert, id: string): Promise<Step> {
  const old = await lockContact(sql, { workspaceId, id });
  if (!old && input.id !== undefined) throw new AppError("contact_not_found");
  // Deleted, or no longer known by this identity, since we looked.
  if (!old || (input.id === undefined && !isNamed(old, change))) throw new Overtaken(false);
  refuseOtherPerson(old, { input, change });
  const { contact, issues } = changeContact(old, change);
  refuseIf(issues);
  await moveIdentities(sql, { to: contact, ...differences(old, contact), onTaken: "refuse" });
  await saveContact(sql, contact, now);
  return { contact, old };
}

function isNamed(contact: ContactRecord, { identity }: ReadContactChange): boolean {
  return identityRows(contact.workspaceId, identity).some(({ kind, value }) => contact[kind] === value);
}

/** A shared mailbox or phone must not turn one person into another: only an id can give a contact another external id. */
function refuseOtherPerson(old: ContactRecord, { input, change }: Pick<Upsert, "input" | "change">): void {
  const { externalId } = change.identity;
  if (input.id !== undefined || externalId === undefined || old.externalId === null || old.externalId === externalId)
    return;
  const taken = old.email !== null && old.email === change.identity.email ? "email" : "phone";
  throw new AppError("identity_taken", `The ${taken} belongs to another contact, with another external id.`, {
    detail: { kind: taken, contactId: old.id },
  });
}

function differences(old: ContactRecord, next: ContactRecord) {
  const kinds = (["externalId", "email", "phone"] as const).filter((kind) => old[kind] !== next[kind]);
  const pick = (from: ContactRecord) =>
    Object.fromEntries(kinds.flatMap((kind) => (from[kind] === null ? [] : [[kind, from[kind]]])));
  return { claimed: pick(next), released: pick(old) };
}

function refuseIf(issues: Issue[]): void {
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
}
