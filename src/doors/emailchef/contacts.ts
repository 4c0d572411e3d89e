import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { listContactPage, type PagedContactView } from "../../operations/contact-pages.ts";
import { getList, type ListView, readList } from "../../operations/lists.ts";
import type { Caller, Platform } from "../../operations/platform.ts";
import type { DoorContext } from "../door.ts";
import { hidden, total } from "./answers.ts";
import { stateOfStatus, viewContact } from "./contact-view.ts";
import { serveContactWrites } from "./contact-writes.ts";
import { numberIn, pageFields, readQuery } from "./read.ts";

const search = z.object({
  ...pageFields,
  list_id: z.string().max(50).optional(),
  status: z.string().max(50).optional(),
  query_string: z.string().max(500).optional(),
});
const ofList = z.object({ list_id: z.string().max(50).optional() });
const searched = ["email", "first_name", "last_name"] as const;

/** Contacts, of a list or of the workspace; `/contact` is the older name of the same. */
export function serveContacts(app: FastifyInstance, context: DoorContext): void {
  for (const path of ["/contacts", "/contact"]) {
    serveCollection(app, context, path);
    serveSingle(app, context, path);
  }
  serveContactWrites(app, context);
}

function serveCollection(app: FastifyInstance, { platform, callerOf }: DoorContext, path: string): void {
  app.get(path, hidden, async (request) => {
    const { list_id: ref, status, query_string: words = "", ...page } = readQuery(request, search);
    const list = await listOf(platform, callerOf(request), ref);
    const state = status === undefined ? undefined : stateOfStatus(status);
    // A list that is not there, or a state that nobody has, is an empty collection.
    if ((ref !== undefined && list === null) || (status !== undefined && state === undefined)) return [];
    const order = page.orderby?.startsWith("e") ? "email" : "created";
    const isDescending = page.ordertype === undefined ? order === "created" : /^d/i.test(page.ordertype);
    const contacts = await listContactPage(platform, callerOf(request), {
      ...{ listId: list?.id, state, order, isDescending, limit: page.limit, offset: page.offset },
      search: { text: words, fields: searched },
    });
    return contacts.map((contact) => viewContact(contact, list));
  });

  app.get(`${path}/count`, hidden, async (request) =>
    countOf(platform, callerOf(request), readQuery(request, ofList).list_id),
  );
  if (path === "/contact") return;
  app.get("/lists/:list/contacts/count", hidden, async (request) =>
    countOf(platform, callerOf(request), String(numberIn(request.params, "list"))),
  );
}

function serveSingle(app: FastifyInstance, { platform, callerOf }: DoorContext, path: string): void {
  app.get(`${path}/:contact`, hidden, async (request) => {
    const { list_id: ref } = readQuery(request, ofList);
    const list = await listOf(platform, callerOf(request), ref);
    if (ref !== undefined && list === null) throw new AppError("list_not_found");
    const contact = await findContact(platform, callerOf(request), { contactId: contactIn(request), listId: list?.id });
    return viewContact(contact, list);
  });
}

async function findContact(
  platform: Platform,
  caller: Caller,
  query: { contactId: string; listId: string | undefined },
): Promise<PagedContactView> {
  const page = { order: "created", isDescending: true, offset: 0, limit: 1 } as const;
  const [contact] = await listContactPage(platform, caller, { ...query, ...page });
  if (!contact) throw new AppError("contact_not_found");
  return contact;
}

function contactIn({ params }: FastifyRequest): string {
  return (params as { contact: string }).contact;
}

/** The list of that number; null when none is named, or it is not there. */
async function listOf(platform: Platform, caller: Caller, ref: string | undefined): Promise<ListView | null> {
  if (ref === undefined) return null;
  try {
    return await readList(platform, caller, { id: String(numberIn({ ref }, "ref")) });
  } catch (error) {
    if (error instanceof AppError && error.code === "list_not_found") return null;
    throw error;
  }
}

async function countOf(platform: Platform, caller: Caller, ref: string | undefined): Promise<{ totalcount: string }> {
  const list = await listOf(platform, caller, ref);
  if (list === null) return total(0);
  const { members } = await getList(platform, caller, { id: list.id });
  return total(members.subscribed + members.unsubscribed + members.unconfirmed);
}
