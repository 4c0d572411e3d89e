import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { setMembership } from "../../operations/list-members.ts";
import { type ListOverview, listGrowth, listOverviews } from "../../operations/list-overviews.ts";
import { createList, deleteList, getList, type ListView, readList, updateList } from "../../operations/lists.ts";
import { listAllSegments } from "../../operations/segment-reads.ts";
import type { DoorContext } from "../door.ts";
import { hidden, instantText } from "./answers.ts";
import { naming, numberIn, pageFields, readInstance, readQuery, refused, text } from "./read.ts";
import { listOfSegment } from "./segment-conditions.ts";

const page = z.object(pageFields);
const listBody = z.object({ list_name: text.optional(), list_description: text.optional() });
const member = z.object({ contact_id: z.string("must be the id of a contact").max(64) });
const day = z.iso.date("must be a date such as 2026-03-01");
const span = z.object({ start_date: day.optional(), end_date: day.optional() });
const dayMs = 86_400_000;

/** Lists: their counts, their growth, and who is subscribed. */
export function serveLists(app: FastifyInstance, context: DoorContext): void {
  serveReads(app, context);
  serveWrites(app, context);
  serveMembership(app, context);
}

function serveReads(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/lists", hidden, async (request) => {
    const { limit, offset, orderby, ordertype } = readQuery(request, page);
    const order = orderby?.startsWith("n") ? "name" : "created";
    const isDescending = ordertype === undefined ? order === "created" : /^d/i.test(ordertype);
    const lists = await listOverviews(platform, callerOf(request), { limit, offset, order, isDescending });
    const segments = await countSegments(platform, callerOf(request));
    return lists.map((list) => viewList(list, segments.get(list.id) ?? 0));
  });

  app.get("/lists/:list", hidden, async (request) => {
    const list = await getList(platform, callerOf(request), { id: listRef(request) });
    const segments = await countSegments(platform, callerOf(request));
    return viewList(list, segments.get(list.id) ?? 0);
  });

  app.get("/lists/:list/stats", hidden, async (request) => {
    const { start_date: start, end_date: end } = readQuery(request, span);
    const { members } = await getList(platform, callerOf(request), { id: listRef(request) });
    const last = end === undefined ? midnight(platform.now()) : new Date(end);
    const first = start === undefined ? new Date(last.getTime() - 29 * dayMs) : new Date(start);
    if (first > last) throw refused("end_date", "must not be before start_date");
    const days = await listGrowth(platform, callerOf(request), { id: listRef(request), first, last });
    return {
      total_list: String(members.subscribed),
      daily_delta_list: days.map(({ day: date, joined, left }) => ({ date, delta: String(joined - left) })),
      start_date: dateText(first),
      last_date: dateText(last),
    };
  });
}

function serveWrites(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/lists", hidden, async (request) => {
    const { list_name: name = "", list_description: description } = readInstance(request, listBody);
    const list = await naming(nameOf, () => createList(platform, callerOf(request), { name, description }));
    return { status: "OK", list_id: String(list.number) };
  });

  app.put("/lists/:list", hidden, async (request) => {
    const { list_name: name, list_description: description } = readInstance(request, listBody);
    const { id, number } = await readList(platform, callerOf(request), { id: listRef(request) });
    const change = { id, description, ...(name === undefined ? {} : { name }) };
    await naming(nameOf, () => updateList(platform, callerOf(request), change));
    return { status: "OK", list_id: String(number) };
  });

  app.delete("/lists/:list", hidden, async (request) => {
    const { id, number } = await readList(platform, callerOf(request), { id: listRef(request) });
    await deleteList(platform, callerOf(request), { id });
    return { status: "OK", list_id: String(number) };
  });
}

function nameOf(path: string): string {
  return `list_${path}`;
}

function serveMembership(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  const set = (state: "subscribed" | "unsubscribed") => async (request: FastifyRequest) => {
    const { contact_id: contactId } = readQuery(request, member);
    const { id: listId, number } = await readList(platform, callerOf(request), { id: listRef(request) });
    await setMembership(platform, callerOf(request), { listId, contactId, state });
    return { status: "OK", list_id: String(number) };
  };
  app.post("/lists/:list/subscribe", hidden, set("subscribed"));
  app.get("/lists/:list/unsubscribe", hidden, set("unsubscribed"));
  app.post("/lists/:list/unsubscribe", hidden, set("unsubscribed"));
}

async function countSegments(
  platform: DoorContext["platform"],
  caller: ReturnType<DoorContext["callerOf"]>,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { definition } of await listAllSegments(platform, caller)) {
    const list = listOfSegment(definition);
    if (list !== null) counts.set(list, (counts.get(list) ?? 0) + 1);
  }
  return counts;
}

function listRef({ params }: FastifyRequest): string {
  return String(numberIn(params, "list"));
}

type Counted = Pick<ListOverview, "members"> & ListView;

function viewList({ number, name, description, createdAt, members }: Counted, segments: number) {
  const { subscribed, unsubscribed, unconfirmed } = members;
  return {
    id: String(number),
    name,
    description,
    date: instantText(createdAt),
    active: String(subscribed),
    subscribed: String(subscribed + unconfirmed),
    unsubscribed: String(unsubscribed),
    bounced: "0",
    reported: "0",
    segments: String(segments),
    forms: "0",
  };
}

function midnight(at: Date): Date {
  return new Date(Math.floor(at.getTime() / dayMs) * dayMs);
}

function dateText(at: Date): string {
  return at.toISOString().slice(0, 10);
}
