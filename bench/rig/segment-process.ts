import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import { laneOf } from "../../src/core/id.ts";
import { Gatherer } from "../../src/operations/gather.ts";
import { closeDatabase, connect, type Sql } from "../../src/storage/database.ts";
import { loadSegments } from "../../src/storage/segment-members.ts";
import { serveParent } from "./child.ts";
import { apiKey } from "./server.ts";
import { quantiles, sendSteadily } from "./steady.ts";

/** The segments whose members change, by the change that does it. `from`: which contact is the first to change; each changes once. */
export type SegmentQuestion = {
  port: number;
  databaseUrl: string;
  segments: Record<Change, string>;
  from: number;
  perSecond: number;
  seconds: number;
};

/** Milliseconds from the answer of the API until membership was known; `perSecond` were accepted; `missing` never became known. */
export type SegmentAnswer = {
  p50: number;
  p99: number;
  answerP50: Record<Change, number>;
  perSecond: number;
  entered: number;
  left: number;
  missing: number;
};

/** A contact is given the other plan by an event, gets or loses a tag, or places one more order. */
export type Change = "plan" | "tag" | "order";

type Contact = { id: string; email: string; segments: readonly string[] };
type Made = {
  id: string;
  kind: Change;
  segmentId: string;
  isMember: boolean;
  sentAt: number;
  acceptedAt: number;
  knownAt: number;
};
type World = SegmentQuestion & {
  sql: Sql;
  contacts: Contact[];
  pending: Map<string, Made>;
  events: Gatherer<object, true>;
  tags: Gatherer<object, true>;
};

/** Of six changes in a row: a thousand changes of contacts for 200 events that are only counted. */
const order: readonly Change[] = ["plan", "plan", "tag", "plan", "plan", "order"];
/** So far between two looks, and so many changes at a time, the oldest first: looking must not become the load that is measured. */
const lookMs = 20;
const looked = 300;
const patienceMs = 10_000;
/** So long an application that has much to tell gathers what it sends. */
const gatherMs = 10;

// Changes contacts at a steady rate, and looks in the database, as anybody could, when each is in its segment or out of it.
serveParent<SegmentQuestion>({}, measure);

async function measure(question: SegmentQuestion): Promise<SegmentAnswer> {
  const sql = connect(question.databaseUrl, { max: 2, applicationName: "bench segments" });
  // Enough that no change waits here for the answers to others.
  const agent = new Agent({ connections: 256, pipelining: 1 });
  const contacts = await readContacts(sql, question);
  const target = { port: question.port, agent };
  const events = createSender(target, { path: "/v1/events/batch", field: "events" });
  const tags = createSender(target, { path: "/v1/contacts/batch", field: "contacts" });
  const world: World = { ...question, sql, contacts, pending: new Map(), events, tags };
  let isSending = true;
  const looking = look(world, () => isSending);
  const startedAt = performance.now();
  const made = await sendSteadily(question, (index) => change(world, index));
  const seconds = (performance.now() - startedAt) / 1000;
  isSending = false;
  await looking;
  await agent.close();
  await closeDatabase(sql);
  return { ...summarize(made), perSecond: made.length / seconds };
}

function summarize(made: readonly Made[]): Omit<SegmentAnswer, "perSecond"> {
  const known = made.filter(({ knownAt }) => knownAt > 0);
  const entered = known.filter(({ isMember }) => isMember).length;
  const answered = (kind: Change) =>
    quantiles(made.flatMap((one) => (one.kind === kind ? [one.acceptedAt - one.sentAt] : []))).p50;
  return {
    ...quantiles(known.map(({ acceptedAt, knownAt }) => Math.max(0, knownAt - acceptedAt))),
    answerP50: { plan: answered("plan"), tag: answered("tag"), order: answered("order") },
    ...{ entered, left: known.length - entered, missing: made.length - known.length },
  };
}

async function readContacts(sql: Sql, { from, perSecond, seconds }: SegmentQuestion): Promise<Contact[]> {
  const rows = await sql<{ id: string; email: string }[]>`
    select id, email from contact order by id offset ${from} limit ${perSecond * seconds}`;
  const segments = await loadSegments(sql, rows.map(keyOf));
  return rows.map((contact) => ({ ...contact, segments: segments.get(contact.id) ?? [] }));
}

function keyOf({ id }: { id: string }) {
  return { lane: laneOf(id), id };
}

/** Looks until nothing is expected any more, or nothing has come for too long. */
async function look({ sql, pending }: World, isSending: () => boolean): Promise<void> {
  let cameAt = performance.now();
  while (isSending() || (pending.size > 0 && performance.now() - cameAt < patienceMs)) {
    await delay(lookMs);
    const expected = [...pending.values()].slice(0, looked);
    const segments = await loadSegments(sql, expected.map(keyOf));
    for (const made of expected) {
      if ((segments.get(made.id) ?? []).includes(made.segmentId) !== made.isMember) continue;
      pending.delete(made.id);
      cameAt = performance.now();
      made.knownAt = cameAt;
    }
  }
}

async function change(world: World, index: number): Promise<Made> {
  const contact = world.contacts[index];
  if (!contact) throw new Error("There are too few contacts.");
  const kind = order[index % order.length] ?? "plan";
  const segmentId = world.segments[kind];
  const isMember = kind === "order" || !contact.segments.includes(segmentId);
  const made = { id: contact.id, kind, segmentId, isMember, sentAt: performance.now(), acceptedAt: 0, knownAt: 0 };
  if (kind === "tag") await world.tags.add({ id: contact.id, [isMember ? "addTags" : "removeTags"]: ["vip"] });
  else await world.events.add(eventOf(kind, contact, { isMember, index }));
  made.acceptedAt = performance.now();
  world.pending.set(contact.id, made);
  return made;
}

/** As an application sends them: what has come within some milliseconds in one call. */
function createSender(target: Target, { path, field }: { path: string; field: string }): Gatherer<object, true> {
  return new Gatherer({
    async write(items) {
      await delay(gatherMs);
      await call(target, path, { [field]: items });
      return items.map(() => true);
    },
    maxBatch: 100,
    maxInFlight: 4,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
}

type Target = { port: number; agent: Agent };

async function call({ port, agent }: Target, path: string, body: object): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${apiKey}` };
  const url = `http://127.0.0.1:${port}${path}`;
  const answer = await request(url, { dispatcher: agent, method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`Answered ${answer.statusCode}: ${text}`);
}

function eventOf(
  kind: "plan" | "order",
  { email }: Contact,
  { isMember, index }: { isMember: boolean; index: number },
): object {
  if (kind === "plan")
    return { name: "plan.changed", contact: { email, properties: { plan: isMember ? "gold" : "free" } }, payload: {} };
  return { name: "order.placed", contact: { email }, payload: { orderId: `new-${index}`, total: 95 } };
}
