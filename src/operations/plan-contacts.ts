import { type Contact, type IdentityKind, identityKinds, type MembershipState } from "../core/contact.ts";
import { type ContactChangeInput, changeContact, type ReadContactChange } from "../core/contact-change.ts";
import { equalJson } from "../core/equal-json.ts";
import { AppError } from "../core/errors.ts";
import { laneOf } from "../core/id.ts";
import type { ContactRow } from "../storage/contacts.ts";
import type { OwnedIdentity } from "../storage/identities.ts";
import type { MembershipRow } from "../storage/memberships.ts";
import { changedIdentities, shownIdentities } from "./contact-identities.ts";
import { identityKey } from "./known-contacts.ts";
import { identityRows } from "./resolve-contacts.ts";
import type { ContactWrite } from "./tell-changes.ts";

/**
 * With an `id` that contact is changed; without, the one that the identities name, or a new one. With `by` it is the contact that has that
 * identity; if nobody has it, one that another identity names and that lacks one of that kind.
 */
export type UpsertContactInput = ContactChangeInput & {
  id?: string | undefined;
  by?: IdentityKind | undefined;
  lists?: { id: string; state: MembershipState }[] | undefined;
};

export type ContactWish = { input: UpsertContactInput; change: ReadContactChange };

/** What there is before the wishes: contacts that are held, who owns the identities that are named, lists of the workspace. */
export type KnownForContacts = {
  contacts: readonly Contact[];
  owned: readonly OwnedIdentity[];
  lists: readonly string[];
};

export type ContactOutcome =
  | { status: "created" | "updated" | "unchanged"; contactId: string }
  | { status: "refused"; error: AppError };

/** All rows that the wishes come to. Nothing is written yet. */
export type ContactPlan = {
  outcomes: ContactOutcome[];
  created: ContactRow[];
  changed: ContactRow[];
  claimed: OwnedIdentity[];
  moved: OwnedIdentity[];
  released: OwnedIdentity[];
  memberships: MembershipRow[];
  writes: (ContactWrite & { before: Contact; after: Contact })[];
};

type Draft = KnownForContacts & {
  workspaceId: string;
  now: Date;
  newContactId: () => string;
  /** Contacts and owners as they are after the wishes so far. */
  current: Map<string, Contact>;
  owners: Map<string, OwnedIdentity | null>;
  plan: ContactPlan;
};

/** Decides what becomes of each wish, one after the other: a wish sees what those before it made. A refused one changes nothing. */
export function planContacts(
  wishes: readonly ContactWish[],
  known: KnownForContacts,
  context: Pick<Draft, "workspaceId" | "now" | "newContactId">,
): ContactPlan {
  const lists = { created: [], changed: [], claimed: [], moved: [], released: [], memberships: [], writes: [] };
  const plan: ContactPlan = { outcomes: [], ...lists };
  const current = new Map(known.contacts.map((contact) => [contact.id, contact]));
  const owners = new Map(ownedBefore(known).map((identity) => [identityKey(identity), identity]));
  const draft = { ...known, ...context, current, owners: new Map<string, OwnedIdentity | null>(owners), plan };
  for (const wish of wishes) plan.outcomes.push(takeUp(draft, wish));
  settleContacts(draft);
  settleIdentities(draft, owners);
  return plan;
}

/** What the contacts that are held show counts: nobody else can change it now. */
function ownedBefore({ contacts, owned }: KnownForContacts): OwnedIdentity[] {
  return [...owned, ...contacts.flatMap(shownIdentities)];
}

function takeUp(draft: Draft, wish: ContactWish): ContactOutcome {
  const { input, change } = wish;
  if (change.issues.length > 0) return refuse(new AppError("invalid_request", undefined, { issues: change.issues }));
  const unknown = (input.lists ?? []).find(({ id }) => !draft.lists.includes(id));
  if (unknown) return refuse(noList(unknown.id));
  const id = input.id ?? findTarget(draft, wish);
  const old = id === undefined ? blankContact(draft) : draft.current.get(id);
  if (!old) return refuse(new AppError("contact_not_found"));
  const { contact, issues } = changeContact(old, change);
  const error =
    otherPerson(old, wish) ??
    (issues.length > 0 ? new AppError("invalid_request", undefined, { issues }) : takenIdentity(draft, old, contact));
  return error ? refuse(error) : accept(draft, wish, { old, contact, isNew: id === undefined });
}

/** The contact that the first identity with an owner names. */
function findTarget(
  { workspaceId, owners, current }: Draft,
  { input: { by }, change }: ContactWish,
): string | undefined {
  const found = identityRows(workspaceId, change.identity).flatMap((row) => owners.get(identityKey(row)) ?? []);
  if (by === undefined) return found[0]?.contactId;
  const named =
    found.find(({ kind }) => kind === by) ?? found.find(({ contactId }) => current.get(contactId)?.[by] === null);
  return named?.contactId;
}

function blankContact({ newContactId, workspaceId, now }: Draft): Contact {
  const id = newContactId();
  const blank = { externalId: null, email: null, phone: null, properties: {}, tags: [], timeZone: null, locale: null };
  return { lane: laneOf(id), id, workspaceId, ...blank, lists: {}, createdAt: now };
}

/** A shared mailbox or phone must not turn one person into another: only an id can give a contact another external id. */
function otherPerson(old: Contact, { input, change }: ContactWish): AppError | null {
  const { externalId, email } = change.identity;
  if (input.id !== undefined || externalId === undefined || old.externalId === null || old.externalId === externalId)
    return null;
  const taken = old.email !== null && old.email === email ? "email" : "phone";
  return new AppError("identity_taken", `The ${taken} belongs to another contact, with another external id.`, {
    detail: { kind: taken, contactId: old.id },
  });
}

function takenIdentity({ owners }: Draft, old: Contact, next: Contact): AppError | null {
  const taken = changedIdentities(old, next)
    .claimed.flatMap((row) => owners.get(identityKey(row)) ?? [])
    .find(({ contactId }) => contactId !== next.id);
  if (!taken) return null;
  const { kind, contactId } = taken;
  return new AppError("identity_taken", `The ${kind} belongs to another contact.`, { detail: { kind, contactId } });
}

type Step = { old: Contact; contact: Contact; isNew: boolean };

function accept(draft: Draft, { input }: ContactWish, { old, contact: changed, isNew }: Step): ContactOutcome {
  const { current, owners, plan, now } = draft;
  const { lane, id: contactId, workspaceId } = changed;
  const lists = input.lists ?? [];
  const joined = Object.fromEntries(lists.map(({ id, state }) => [id, state]));
  const contact = lists.length === 0 ? changed : { ...changed, lists: { ...old.lists, ...joined } };
  const { claimed, released } = changedIdentities(old, contact);
  for (const row of released) owners.set(identityKey(row), null);
  for (const row of claimed) owners.set(identityKey(row), row);
  current.set(contactId, contact);
  plan.memberships.push(
    ...lists.map(({ id: listId, state }) => ({ lane, contactId, listId, workspaceId, state, at: now })),
  );
  plan.writes.push({ contact, before: old, after: contact, set: Object.keys(input.properties ?? {}) });
  if (isNew) return { status: "created", contactId };
  return { status: isSame(old, contact) ? "unchanged" : "updated", contactId };
}

function isSame(old: Contact, next: Contact): boolean {
  const settings = [...identityKinds, "timeZone", "locale"] as const;
  return (
    settings.every((field) => old[field] === next[field]) &&
    equalJson(old.properties, next.properties) &&
    equalJson(old.tags, next.tags) &&
    equalJson(old.lists, next.lists)
  );
}

function settleContacts({ contacts, current, plan }: Draft): void {
  const before = new Map(contacts.map((contact) => [contact.id, contact]));
  for (const { lists: _, ...contact } of current.values()) {
    const old = before.get(contact.id);
    if (!old) plan.created.push(contact);
    else if (!isSame(old, current.get(contact.id) as Contact)) plan.changed.push(contact);
  }
}

function settleIdentities({ owners, plan }: Draft, before: ReadonlyMap<string, OwnedIdentity>): void {
  for (const [key, owner] of owners) {
    const old = before.get(key);
    if (old && !owner) plan.released.push(old);
    else if (owner && !old) plan.claimed.push(owner);
    else if (owner && old && owner.contactId !== old.contactId) plan.moved.push(owner);
  }
}

function refuse(error: AppError): ContactOutcome {
  return { status: "refused", error };
}

function noList(listId: string): AppError {
  return new AppError("list_not_found", `There is no list ${listId}.`, { detail: { listId } });
}
