import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import { createList, deleteList, requireList, updateList } from "../../operations/lists.ts";
import { listBooks, listPeople, listProperties } from "../../operations/people.ts";
import type { DoorContext } from "../door.ts";
import { readParameters } from "./parameters.ts";
import { showPerson } from "./show-person.ts";
import { hidden, readPage, readText, showDate } from "./values.ts";

type Named = { Params: { id: string; name: string; value: string } };

/** Address books: our lists, by their numbers. */
export function serveAddressBooks(app: FastifyInstance, context: DoorContext): void {
  serveBooks(app, context);
  serveVariables(app, context);
}

function serveBooks(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/addressbooks", hidden, async (request) => {
    const page = readPage(await readParameters(request));
    return (await listBooks(platform, callerOf(request), page)).map(showBook);
  });
  app.post("/addressbooks", hidden, async (request) => {
    const name = readText((await readParameters(request))["bookName"], "bookName", 201);
    const { number } = await createList(platform, callerOf(request), { name });
    return { id: number };
  });
  app.get<Named>("/addressbooks/:id", hidden, async (request) => {
    const books = await bookOf({ platform, callerOf }, request);
    return books.map(showBook);
  });
  app.put<Named>("/addressbooks/:id", hidden, async (request) => {
    const { name, bookName } = await readParameters(request);
    const caller = callerOf(request);
    const { id } = await requireList(platform.sql, caller.workspaceId, request.params.id);
    await updateList(platform, caller, { id, name: readText(name ?? bookName, "name", 201) });
    return { result: true };
  });
  app.delete<Named>("/addressbooks/:id", hidden, async (request) => {
    const caller = callerOf(request);
    const { id } = await requireList(platform.sql, caller.workspaceId, request.params.id);
    await deleteList(platform, caller, { id });
    return { result: true };
  });
  app.get<Named>("/addressbooks/:id/emails/total", hidden, async (request) => {
    const [book] = await bookOf({ platform, callerOf }, request);
    return { total: book ? membersOf(book) : 0 };
  });
  app.get<Named>("/addressbooks/:id/cost", hidden, async (request) => {
    const [book] = await bookOf({ platform, callerOf }, request);
    // There is no tariff and no balance here: nothing costs anything.
    const free = { cur: "USD", addressesDeltaFromBalance: 0, addressesDeltaFromTariff: 0, max_emails_per_task: 0 };
    return { ...free, sent_emails_qty: book?.subscribed ?? 0, overdraftAllEmailsPrice: 0, result: true };
  });
}

function serveVariables(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get<Named>("/addressbooks/:id/variables", hidden, async (request) => {
    const properties = await listProperties(platform, callerOf(request), { list: request.params.id });
    return properties.map(({ name, type }) => ({ name, type: variableTypes[type] ?? "string" }));
  });
  app.get<Named>("/addressbooks/:id/variables/:name/:value", hidden, async (request) => {
    const { id: list, name, value } = request.params;
    const page = readPage(await readParameters(request));
    const people = await listPeople(platform, callerOf(request), { ...page, list, property: { name, value } });
    return people.map(showPerson);
  });
}

const variableTypes: Record<string, string> = {
  number: "number",
  date: "date",
  array: "structure",
  object: "structure",
};

type Book = Awaited<ReturnType<typeof listBooks>>[number];

async function bookOf(
  { platform, callerOf }: Pick<DoorContext, "platform" | "callerOf">,
  request: FastifyRequest<Named>,
): Promise<Book[]> {
  const { id } = request.params;
  const number = /^[1-9]\d{0,14}$/.test(id) ? Number(id) : 0;
  const books = await listBooks(platform, callerOf(request), { number, limit: 1, offset: 0 });
  if (books.length === 0) throw new AppError("list_not_found");
  return books;
}

function membersOf({ subscribed, unsubscribed, unconfirmed }: Book): number {
  return subscribed + unsubscribed + unconfirmed;
}

function showBook(book: Book) {
  const { number, name, createdAt, subscribed, unsubscribed, unconfirmed } = book;
  return {
    id: number,
    name,
    all_email_qty: membersOf(book),
    active_email_qty: subscribed,
    inactive_email_qty: unsubscribed + unconfirmed,
    creationdate: showDate(createdAt),
    status: 0,
    status_explain: "Active",
  };
}
