import { setTimeout as delay } from "node:timers/promises";
import { Agent, request } from "undici";
import { laneOf } from "../../src/core/id.ts";
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
export type SegmentAnswer = {
  p50: number;
  p99: number;
  answerP50: number;
  entered: number;
  left: number;
  missing: number;
};

/** A contact is given the other plan by an event, gets or loses a tag, or places one more order. */
export const changes = ["plan", "tag", "order"] as const;
export type Change = (typeof changes)[number];

type Contact = { id: string; email: string; segments: readonly string[] };
type Pending = { segmentId: string; isMember: boolean; sentAt: number };
type World = SegmentQuestion & { sql: Sql; agent: Agent; contacts: Contact[]; pending: Map<string, Pending> };

/** Of six changes in a row: a thousand changes of contacts for 200 events that are only counted. */
const order: readonly Change[] = ["plan", "plan", "tag", "plan", "plan", "order"];
/** So far between two looks, and so many changes at a time, the oldest first: looking must not become the load that is measured. */
const lookMs = 20;
const looked = 300;
const patienceMs = 10_000;

// Changes contacts at a steady rate, and looks in the database, as anybody could, since when each is in its segment or out of it.
serveParent<SegmentQuestion>({}, measure);

async function measure(question: SegmentQuestion): Promise<SegmentAnswer> {
  const sql = connect(question.databaseUrl, { max: 2, applicationName: "bench segments" });
  // Enough that no change waits here for the answers to others.
  const agent = new Agent({ connections: 256, pipelining: 1 });
  const contacts = await readContacts(sql, question);
  const world: World = { ...question, sql, agent, contacts, pending: new Map() };
  const counts = { entered: 0, left: 0 };
  const spans: number[] = [];
  let isSending = true;
  const looking = look(world, () => isSending, { spans, counts });
  const answerMs = await sendSteadily(question, (index) => change(world, index));
  isSending = false;
  await looking;
  await agent.close();
  await closeDatabase(sql);
  const { p50: answerP50 } = quantiles(answerMs);
  return { ...quantiles(spans), answerP50, ...counts, missing: world.pending.size };
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
async function look(
  { sql, pending }: World,
  isSending: () => boolean,
  found: { spans: number[]; counts: { entered: number; left: number } },
): Promise<void> {
  let cameAt = performance.now();
  while (isSending() || (pending.size > 0 && performance.now() - cameAt < patienceMs)) {
    await delay(lookMs);
    const expected = [...pending].slice(0, looked);
    const segments = await loadSegments(
      sql,
      expected.map(([id]) => keyOf({ id })),
    );
    const now = performance.now();
    for (const [id, { segmentId, isMember, sentAt }] of expected) {
      if ((segments.get(id) ?? []).includes(segmentId) !== isMember) continue;
      pending.delete(id);
      found.spans.push(now - sentAt);
      found.counts[isMember ? "entered" : "left"] += 1;
      cameAt = now;
    }
  }
}

async function change(world: World, index: number): Promise<number> {
  const contact = world.contacts[index];
  if (!contact) throw new Error("There are too few contacts.");
  const kind = order[index % order.length] ?? "plan";
  const segmentId = world.segments[kind];
  const isMember = kind === "order" || !contact.segments.includes(segmentId);
  const sentAt = performance.now();
  world.pending.set(contact.id, { segmentId, isMember, sentAt });
  const { method, path, body } = requestOf(kind, contact, { isMember, index });
  const headers = { "content-type": "application/json", authorization: `Bearer ${apiKey}` };
  const url = `http://127.0.0.1:${world.port}${path}`;
  const answer = await request(url, { dispatcher: world.agent, method, headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`Answered ${answer.statusCode}: ${text}`);
  return performance.now() - sentAt;
}

function requestOf(kind: Change, { id, email }: Contact, { isMember, index }: { isMember: boolean; index: number }) {
  if (kind === "tag")
    return { method: "PATCH", path: `/v1/contacts/${id}`, body: { [isMember ? "addTags" : "removeTags"]: ["vip"] } };
  const event =
    kind === "plan"
      ? { name: "plan.changed", contact: { email, properties: { plan: isMember ? "gold" : "free" } }, payload: {} }
      : { name: "order.placed", contact: { email }, payload: { orderId: `new-${index}`, total: 95 } };
  return { method: "POST", path: "/v1/events", body: event };
}
