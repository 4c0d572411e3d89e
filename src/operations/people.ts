import { isStorableText } from "../core/condition/storable-text.ts";
import { AppError } from "../core/errors.ts";
import { laneOf, laneOfValue } from "../core/id.ts";
import { normalizeEmail } from "../core/message/address.ts";
import { type BookRow, pageBooks } from "../storage/books.ts";
import { findIdentities } from "../storage/identities.ts";
import { countOfContact } from "../storage/own-messages.ts";
import { countTags, findPeople, type PersonRow, pagePeople, samplePropertyTypes } from "../storage/people.ts";
import { requireList } from "./lists.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

type Page = { limit: number; offset: number };

/** The newest members of a list that are asked for the properties they have. */
const sampledMembers = 1000;
const maxTags = 1000;

/** Lists with the number of their members, by their numbers; only one when its number is given. */
export async function listBooks(
  platform: Platform,
  caller: Caller,
  page: Page & { number?: number },
): Promise<BookRow[]> {
  requireScope(caller, "contacts:read");
  return pageBooks(platform.sql, { ...page, workspaceId: caller.workspaceId });
}

/** Members of a list, those that were contacts first at the front; only those whose property reads so when one is given. */
export async function listPeople(
  platform: Platform,
  caller: Caller,
  { list, ...page }: Page & { list: string; property?: { name: string; value: string } },
): Promise<PersonRow[]> {
  requireScope(caller, "contacts:read");
  const { id: listId } = await requireList(platform.sql, caller.workspaceId, list);
  const { name = "", value = "" } = page.property ?? {};
  if (!isStorableText(name) || !isStorableText(value)) return [];
  return pagePeople(platform.sql, { ...page, workspaceId: caller.workspaceId, listId });
}

/** What members of a list are known by: the fields of the list with their types, then other properties of its newest members with JSON's. */
export async function listProperties(
  platform: Platform,
  caller: Caller,
  { list }: { list: string },
): Promise<{ name: string; type: string }[]> {
  requireScope(caller, "contacts:read");
  const { id: listId, fields } = await requireList(platform.sql, caller.workspaceId, list);
  const declared = fields.map(({ placeholder: name, type }) => ({ name, type: type as string }));
  const names = new Set(declared.map(({ name }) => name));
  const found = await samplePropertyTypes(platform.sql, { listId, sample: sampledMembers });
  return [...declared, ...found.filter(({ name }) => !names.has(name))];
}

export type ListedPerson = Awaited<ReturnType<typeof findPeople>>[number];

/** A contact by its e-mail address, and each list that it is known to. */
export type FoundPerson = { email: string; contactId: string; lists: ListedPerson[] };

/** The contacts with these e-mail addresses. Addresses that nobody has, or could have, are left out. */
export async function findByEmail(
  platform: Platform,
  caller: Caller,
  { emails }: { emails: readonly string[] },
): Promise<FoundPerson[]> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const values = [...new Set(emails.flatMap((text) => readEmail(text) ?? []))];
  if (values.length === 0) return [];
  const rows = values.map((value) => ({ lane: laneOfValue(value), workspaceId, kind: "email" as const, value }));
  const owned = await findIdentities(platform.sql, rows);
  const people = await findPeople(platform.sql, { workspaceId, ids: owned.map(({ contactId }) => contactId) });
  const byId = new Map(
    owned.map(({ value, contactId }) => [contactId, { email: value, contactId, lists: [] as ListedPerson[] }]),
  );
  for (const person of people) byId.get(person.id)?.lists.push(person);
  const byEmail = new Map([...byId.values()].map((person) => [person.email, person]));
  return values.flatMap((email) => byEmail.get(email) ?? []);
}

/** The same for one address. Throws `contact_not_found`. */
export async function getByEmail(platform: Platform, caller: Caller, email: string): Promise<FoundPerson> {
  const [person] = await findByEmail(platform, caller, { emails: [email] });
  if (!person) throw new AppError("contact_not_found", "There is no contact with this e-mail address.");
  return person;
}

/** How many messages a contact was sent, and how often it opened or clicked one. */
export async function countMessagesOf(
  platform: Platform,
  caller: Caller,
  { contactId }: Pick<FoundPerson, "contactId">,
): Promise<{ sent: number; opened: number; clicked: number }> {
  requireScope(caller, "messages:read");
  return countOfContact(platform.sql, { lane: laneOf(contactId), id: contactId });
}

/** The tags of the workspace's contacts, the commonest first, at most 1,000. */
export async function listTags(platform: Platform, caller: Caller): Promise<{ tag: string; contacts: number }[]> {
  requireScope(caller, "contacts:read");
  return countTags(platform.sql, { workspaceId: caller.workspaceId, limit: maxTags });
}

function readEmail(text: string): string | null {
  const read = normalizeEmail(text);
  return read.ok && isStorableText(read.value) ? read.value : null;
}
