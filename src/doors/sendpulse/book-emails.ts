import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { requireList } from "../../operations/lists.ts";
import { type FoundPerson, findByEmail, getByEmail, listPeople } from "../../operations/people.ts";
import type { Caller } from "../../operations/platform.ts";
import { removeMembers } from "../../operations/remove-members.ts";
import { upsertContacts } from "../../operations/upsert-contacts.ts";
import type { DoorContext } from "../door.ts";
import { refusal } from "./errors.ts";
import { readParameters, readWireValue } from "./parameters.ts";
import { readMembers, readVariables } from "./read-members.ts";
import { showPerson } from "./show-person.ts";
import { hidden, readEmails, readPage, readPhone, readText } from "./values.ts";

type InBook = { Params: { id: string; email: string } };
type Call = { caller: Caller; listId: string; parameters: JsonObject };

/** The addresses of an address book: members of a list, and what is known of them. */
export function serveBookEmails(app: FastifyInstance, context: DoorContext): void {
  serveReads(app, context);
  serveMembers(app, context);
  serveChanges(app, context);
}

async function callOf({ platform, callerOf }: DoorContext, request: FastifyRequest<InBook>): Promise<Call> {
  const caller = callerOf(request);
  const { id: listId } = await requireList(platform.sql, caller.workspaceId, request.params.id);
  return { caller, listId, parameters: await readParameters(request) };
}

function serveReads(app: FastifyInstance, context: DoorContext): void {
  const { platform, callerOf } = context;
  app.get<InBook>("/addressbooks/:id/emails", hidden, async (request) => {
    const page = readPage(await readParameters(request));
    const people = await listPeople(platform, callerOf(request), { ...page, list: request.params.id });
    return people.map(showPerson);
  });
  app.get<InBook>("/addressbooks/:id/emails/:email", hidden, async (request) => {
    const { caller, listId } = await callOf(context, request);
    const { lists } = await getByEmail(platform, caller, request.params.email);
    const [person] = lists.filter((list) => list.listId === listId);
    if (!person) throw notInBook();
    return { ...showPerson(person), abook_id: person.listNumber };
  });
}

function serveMembers(app: FastifyInstance, context: DoorContext): void {
  const { platform } = context;
  app.post<InBook>("/addressbooks/:id/emails", hidden, async (request) => {
    const { caller, listId, parameters } = await callOf(context, request);
    const members = readMembers(parameters["emails"]);
    const known = await membersOf(context, { caller, listId, emails: members.map(({ email }) => email) });
    // Who has left does not come back by being added: the address would be written to against its owner's will.
    const gone = new Set(known.filter(({ state }) => state === "unsubscribed").map(({ email }) => email));
    const state = parameters["confirmation"] === "force" ? ("unconfirmed" as const) : ("subscribed" as const);
    const confirmed = new Set(known.filter(({ state }) => state === "subscribed").map(({ email }) => email));
    const addTags = readTags(parameters["tags"]);
    const contacts = members.map((member) => {
      const stays = gone.has(member.email) || (state === "unconfirmed" && confirmed.has(member.email));
      return { ...member, addTags, ...(stays ? {} : { lists: [{ id: listId, state }] }) };
    });
    await upsertContacts(platform, caller, { contacts });
    return { result: true };
  });
  app.delete<InBook>("/addressbooks/:id/emails", hidden, async (request) => {
    const { caller, listId, parameters } = await callOf(context, request);
    const found = await findByEmail(platform, caller, { emails: readEmails(parameters["emails"]) });
    const contactIds = found.map(({ contactId }) => contactId);
    const { removed } = await removeMembers(platform, caller, { contactIds, listIds: [listId] });
    if (removed === 0) throw notInBook();
    return { result: true };
  });
  app.post<InBook>("/addressbooks/:id/emails/unsubscribe", hidden, async (request) => {
    const { caller, listId, parameters } = await callOf(context, request);
    const found = await membersOf(context, { caller, listId, emails: readEmails(parameters["emails"]) });
    if (found.length === 0) throw notInBook();
    const lists = [{ id: listId, state: "unsubscribed" as const }];
    await upsertContacts(platform, caller, { contacts: found.map(({ contactId }) => ({ id: contactId, lists })) });
    return { result: true };
  });
}

function serveChanges(app: FastifyInstance, context: DoorContext): void {
  app.post<InBook>("/addressbooks/:id/emails/variable", hidden, async (request) => {
    const { parameters } = await callOf(context, request);
    const variables = readWireValue(parameters["variables"], "variables");
    const { properties, phone } = readVariables(variables, "variables");
    const change = phone === undefined || phone === "" ? {} : { phone: readPhone(phone, "variables.phone") };
    return changeMember(context, request, { properties, ...change });
  });
  const setPhone = async (request: FastifyRequest<InBook>) => {
    const { phone } = await readParameters(request);
    return changeMember(context, request, { phone: readPhone(phone, "phone") });
  };
  app.put<InBook>("/addressbooks/:id/phone", hidden, setPhone);
  app.put<InBook>("/addressbooks/:id/emails/phone", hidden, setPhone);
}

/** Changes the member that the parameter `email` names. */
async function changeMember(
  context: DoorContext,
  request: FastifyRequest<InBook>,
  change: { properties?: JsonObject; phone?: string },
) {
  const { caller, listId, parameters } = await callOf(context, request);
  const emails = [readText(parameters["email"], "email", 906)];
  const [member] = await membersOf(context, { caller, listId, emails });
  if (!member) throw notInBook();
  await upsertContacts(context.platform, caller, { contacts: [{ id: member.contactId, ...change }] });
  return { result: true };
}

type InList = Omit<FoundPerson, "lists"> & FoundPerson["lists"][number];

/** Those of these addresses that are known to the list, in whatever state. */
async function membersOf(
  { platform }: DoorContext,
  { caller, listId, emails }: { caller: Caller; listId: string; emails: readonly string[] },
): Promise<(Omit<InList, "email"> & { email: string })[]> {
  const found = await findByEmail(platform, caller, { emails });
  return found.flatMap(({ lists, email, contactId }) =>
    lists.filter((list) => list.listId === listId).map((list) => ({ ...list, email, contactId })),
  );
}

function readTags(value: Json | undefined): string[] {
  const tags = readWireValue(value, "tags");
  const list = Array.isArray(tags) ? tags : tags === null ? [] : [tags];
  return list.map(String).filter((tag) => tag.trim() !== "");
}

function notInBook(): AppError {
  return refusal(303, "No such e-mail addresses are in this address book.");
}
