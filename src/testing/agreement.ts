import type { TrailEntry } from "../core/flow/run.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { play } from "../core/simulate/play.ts";
import { workspaceSettingsSchema } from "../core/workspace-settings.ts";
import { createList } from "../operations/lists.ts";
import { recordInboundMessage } from "../operations/record-inbound-message.ts";
import { recordMessageEvent } from "../operations/record-message-event.ts";
import { startFlow } from "../operations/start-flow.ts";
import { upsertContact } from "../operations/upsert-contact.ts";
import type { Sql } from "../storage/database.ts";
import { setFlowState } from "../storage/flows.ts";
import { ensurePartitions } from "../storage/partitions.ts";
import { bumpRoutingRevision, updateWorkspace } from "../storage/workspaces.ts";
import { registry } from "./engine.ts";
import { fakeHttp } from "./fake-http.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { randomClub, randomList, randomSegments } from "./random-flows.ts";
import type { Happening } from "./random-stories.ts";
import { makeSegment, openWorld, type World } from "./segment-world.ts";
import { recorded, sorted, type Told, toldPath } from "./told.ts";

const minuteMs = 60_000;
const storyMs = 40 * minuteMs;
// The answers of calls, by the name of the step: some are good, some are bad.
const isGood = (step: string) => "ace".includes(step);
const answers = { http: [..."bdf"].map((step) => ({ step, answer: { status: 404 } })) };

/** A workspace with what random flows name: lists and segments, by the ids that stand for them. */
export type AgreementWorld = World & { sql: Sql; ids: ReadonlyMap<string, string> };

/** One case; `count` sets it apart from all others in time and by its contacts. */
export type AgreementCase = {
  definition: JsonObject;
  caps: readonly JsonObject[];
  story: readonly Happening[];
  count: number;
};

type About = { flowId: string; definition: JsonObject; contacts: [string, string]; start: Date };

const segmentDefinitions = [
  { field: "contact.tags", operator: "includes", value: "a" },
  { event: "other", within: { amount: 3, unit: "minutes" } },
  { field: "contact.seen", operator: "is", value: "outside" },
];

/** Opens the world; an effect waits until what flows made happen before has been met, as it does in the simulator. */
export async function openAgreement(sql: Sql): Promise<AgreementWorld> {
  const next = ({ step, awaited }: { step: string; awaited: boolean }) => {
    const ok = isGood(step);
    const result = ok ? { status: 200, body: {} } : { status: 404, reason: "status" };
    return { next: awaited ? { kind: "answer" as const, answer: { ok, result } } : { kind: "done" as const } };
  };
  const world = await openWorld(sql, 3, { http: fakeHttp({ next }).performer, turn: oneAtATime(sql) });
  const ids = new Map<string, string>();
  for (const [id, name] of [
    [randomList, "List"],
    [randomClub, "Club"],
  ] as const)
    ids.set(id, (await createList(world.platform, world.platform.caller, { name })).id);
  for (const [index, id] of randomSegments.entries())
    ids.set(id, await makeSegment(world, `S${index}`, segmentDefinitions[index] as unknown as Json));
  return { ...world, sql, ids };
}

/** The definition with what it names in this world, and its times of day. */
export function placed<Of extends Json>(world: AgreementWorld, value: Of, start: Date): Of {
  let text = JSON.stringify(value);
  for (const [id, real] of world.ids) text = text.replaceAll(id, real);
  const timeOf = (_: string, minute: string) => after(start, Number(minute)).toISOString().slice(11, 16);
  return JSON.parse(text.replaceAll(/\{\{minute:(\d+)\}\}/g, timeOf)) as Of;
}

function after(start: Date, minutes: number): Date {
  return new Date(start.getTime() + minutes * minuteMs);
}

/** When something of the story happens: nothing at the same instant as anything else, nor on a whole minute, where quiet hours end. */
function instantOf({ minute, who }: Happening, index: number, start: Date): Date {
  return new Date(after(start, minute).getTime() + index * 1000 + who * 500);
}

const emailOf = (count: number, who: number) => `c${count}-${who}@example.com`;
const startEntryOf = ({ entries }: JsonObject) =>
  Object.entries(entries as Record<string, JsonObject>).find(([, { kind }]) => kind === "start")?.[0];

/** What a test does in the middle of a story, and at its end before all traces of it go. */
type Hooks = { midway?: (about: About) => Promise<void>; atEnd?: (about: About) => Promise<void> };

/** Lets the engine live through a case, stopping at every instant at which something is due. */
export async function lived(
  world: AgreementWorld,
  one: AgreementCase,
  { midway, atEnd }: Hooks = {},
): Promise<{ told: Told[]; about: About }> {
  const { engine, sql } = world;
  const about = await begin(world, one);
  const { flowId, start } = about;
  for (const [index, happening] of one.story.entries()) {
    if (index === one.story.length >> 1) await midway?.(about);
    const at = instantOf(happening, index, start);
    await wakeUntil(world, flowId, at);
    engine.clock.now = at;
    await happen(world, happening, { ...about, email: emailOf(one.count, happening.who) });
    await engine.settle();
  }
  await wakeUntil(world, flowId, new Date(start.getTime() + storyMs + 1));
  const told: Told[] = [];
  for (const contactId of about.contacts) told.push(await recorded(sql, { flowId, contactId }));
  await atEnd?.(about);
  await end(world, flowId);
  return { told, about };
}

async function begin(world: AgreementWorld, { definition, caps, count }: AgreementCase): Promise<About> {
  const { engine, sql } = world;
  const start = new Date(Date.UTC(2026, 2, 1, count, 0, 7));
  engine.clock.now = start;
  await ensurePartitions(sql, start);
  const facts = engine.flows.workspace(engine.workspaceId);
  if (!facts) throw new Error("There is no workspace.");
  await updateWorkspace(sql, { ...facts, settings: workspaceSettingsSchema.parse({ frequencyCaps: caps }) });
  const first = await makeContact(world, emailOf(count, 0), { due: start.toISOString().slice(0, 10) });
  const second = await makeContact(world, emailOf(count, 1), {});
  await engine.settle();
  const ready = placed(world, definition, start);
  const flowId = await engine.publish(ready);
  await engine.flows.refresh(sql);
  return { flowId, definition: ready, contacts: [first, second], start };
}

async function makeContact({ platform }: AgreementWorld, email: string, properties: JsonObject): Promise<string> {
  const { contact } = await upsertContact(platform, platform.caller, { email, properties });
  return contact.id;
}

type Happened = About & { email: string };

async function happen(world: AgreementWorld, happening: Happening, about: Happened): Promise<void> {
  const { engine, platform } = world;
  const { caller } = platform;
  const { email, flowId } = about;
  if (happening.kind === "event") {
    const { name, payload, properties } = happening;
    await engine.record({ name, payload, properties, identity: { email } });
  } else if (happening.kind === "change") {
    const lists = Object.entries(placed(world, happening.lists, about.start)).map(([id, state]) => ({ id, state }));
    await upsertContact(platform, caller, { email, ...happening.change, lists });
  } else if (happening.kind === "inbound")
    await recordInboundMessage(platform, caller, { channel: "email", from: email, text: happening.text });
  else if (happening.kind === "message") {
    const [sent] = await world.sql<{ id: string }[]>`
      select m.id from message m join contact c on c.id = m.contact_id
       where c.email = ${email} and m.status = 'sent' order by m.sent_at desc, m.id desc limit 1`;
    const { event: type, link } = happening;
    if (sent) await recordMessageEvent(platform, caller, { id: sent.id, type, link });
  } else {
    const entry = startEntryOf(about.definition);
    if (entry !== undefined)
      await startFlow(platform, caller, { id: flowId, entry, contact: { email }, variables: { n: happening.n } });
  }
}

/** Goes to each instant before `end` at which something is due. */
async function wakeUntil({ sql, engine }: AgreementWorld, flowId: string, end: Date): Promise<void> {
  for (;;) {
    const [next] = await sql<{ at: Date | null }[]>`
      select least((select min(wake_at) from run where flow_id = ${flowId} and ended_at is null),
                   (select min(due_at) from outbox where flow_id = ${flowId} and not answered),
                   (select min(due_at) from contact_check),
                   (select min(next_at) from schedule where flow_id = ${flowId})) as at`;
    if (!next?.at || next.at >= end) return;
    await engine.advanceTo(new Date(Math.max(next.at.getTime(), engine.clock.now.getTime())));
  }
}

/** Nothing of a case may reach into the next one. */
async function end({ sql, engine }: AgreementWorld, flowId: string): Promise<void> {
  const { now } = engine.clock;
  await setFlowState(sql, { id: flowId, status: "archived", version: null, now });
  await sql`update run set ended_at = started_at, status = 'cancelled', wake_at = null where flow_id = ${flowId} and ended_at is null`;
  await sql`delete from outbox where flow_id = ${flowId}`;
  await sql`delete from schedule where flow_id = ${flowId}`;
  for (const table of ["contact_check", "segment_member", "membership"]) await sql`delete from ${sql(table)}`;
  await sql`update contact set properties = '{}', tags = '{}' where workspace_id = ${engine.workspaceId}`;
  await bumpRoutingRevision(sql, engine.workspaceId);
  await engine.flows.refresh(sql);
}

/** Has the simulator tell the same case. */
export function simulated(world: AgreementWorld, one: AgreementCase, about: About): Told[] {
  const { flows, workspaceId } = world.engine;
  const workspace = flows.workspace(workspaceId);
  if (!workspace) throw new Error("There is no workspace.");
  const { contacts, definition, flowId, start } = about;
  const due = start.toISOString().slice(0, 10);
  const played = play({
    flows: [{ definition, id: flowId }],
    registry,
    workspace,
    segments: flows.segments(workspaceId),
    contacts: contacts.map((id, who) => ({
      id,
      email: emailOf(one.count, who),
      properties: who === 0 ? { due } : {},
    })),
    events: one.story.flatMap((happening, index) => {
      const at = instantOf(happening, index, start).toISOString();
      return storyOf(placed(world, happening as unknown as Json, start) as unknown as Happening, {
        definition,
        at,
        email: emailOf(one.count, happening.who),
      });
    }),
    answers,
    now: start,
    until: new Date(start.getTime() + storyMs),
  });
  if (!played.ok) throw new Error(JSON.stringify(played.issues));
  return played.simulation.contacts.map((contact) => ({
    runs: sorted(
      contact.runs.map(({ runId, entry, key, status, step, reason, wakeAt }) => ({
        ...{ entry, key, status, step, reason, wakeAt },
        path: toldPath(
          contact.steps.filter((taken) => taken.runId === runId && taken.kind !== "http") as readonly TrailEntry[],
        ),
      })),
    ),
    outcomes: sorted(
      contact.outcomes.map(({ at, event, entry, outcome, reason }) => [at, event, entry, outcome, reason].join()),
    ),
    messages: sorted(
      contact.messages
        .filter(({ purpose }) => purpose !== "notice")
        .map(({ at, sentAt, step, subject, status }) => ({ at, sentAt, step, subject, status })),
    ),
    contact: {
      seen: contact.contact["seen"] ?? null,
      tags: contact.contact["tags"] as string[],
      segments: [...(contact.contact["segments"] as string[])].sort(),
      lists: [...(contact.contact["lists"] as string[])].sort(),
    },
  }));
}

function storyOf(
  happening: Happening,
  { definition, at, email }: { definition: JsonObject; at: string; email: string },
): Json[] {
  const contact = { email };
  if (happening.kind === "event") {
    const { name, payload, properties } = happening;
    return [{ name, at, payload, contact: { email, properties } }];
  }
  if (happening.kind === "change") {
    const { change, lists } = happening;
    return [{ at, contact, change: { ...change, lists } }];
  }
  if (happening.kind === "inbound") return [{ at, contact, inbound: { text: happening.text } }];
  if (happening.kind === "message") {
    const { event, link } = happening;
    return [{ at, contact, message: { event, ...(link === undefined ? {} : { link }) } }];
  }
  const entry = startEntryOf(definition);
  return entry === undefined ? [] : [{ at, contact, entry, payload: { n: happening.n } }];
}
