import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrailEntry } from "../core/flow/run.ts";
import type { JsonObject } from "../core/json.ts";
import { play } from "../core/simulate/play.ts";
import { defaultSettings } from "../core/workspace-settings.ts";
import { setFlowState } from "../storage/flows.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, registry, type TestEngine } from "../testing/engine.ts";
import { fakeHttp } from "../testing/fake-http.ts";
import { type RandomEvent, randomDefinition, randomStory } from "../testing/random-stories.ts";

const minuteMs = 60_000;
// The answers of calls, by the name of the step: some are good, some are bad.
const isGood = (step: string) => "ace".includes(step);
const answers = {
  http: [..."bdf"].map((step) => ({ step, answer: { status: 404 } })),
};

let database: TestDatabase;
let engine: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  const next = ({ step, awaited }: { step: string; awaited: boolean }) => {
    const ok = isGood(step);
    const result = ok ? { status: 200, body: {} } : { status: 404, reason: "status" };
    return { next: awaited ? { kind: "answer" as const, answer: { ok, result } } : { kind: "done" as const } };
  };
  engine = await createTestEngine({ sql: database.sql, http: fakeHttp({ next, wait: lineIsEmpty }).performer });
});

/** In the simulator the world answers after flows have met what they made happen; so it does here, where both are a race otherwise. */
async function lineIsEmpty({ lane }: { lane: number }): Promise<void> {
  const inLine = () => database.sql`select 1 from event_queue where lane = ${lane} limit 1`;
  while ((await inLine()).length > 0);
}

afterAll(async () => {
  await engine.stop();
  await database.drop();
});

/** What happened, as both sides tell it: without ids, and in an order that does not depend on them. */
type Told = { runs: unknown[]; outcomes: unknown[]; messages: unknown[]; contact: unknown };

const shown = ({ step, outcome, exit, reason, visit, at }: TrailEntry) =>
  [at, visit, step, outcome, exit, reason].join(" ");
const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

/** Who and what it was in the engine: what is random in a flow goes by ids. */
type Ids = { flowId: string; contactId: string };

function simulated({ definition, story, start, email }: Case, { flowId, contactId }: Ids): Told {
  const until = new Date(start.getTime() + 40 * minuteMs);
  const played = play({
    flows: [{ definition, id: flowId }],
    registry,
    workspace: { id: engine.workspaceId, name: "Test", timeZone: "UTC", settings: defaultSettings },
    contacts: [{ id: contactId, email }],
    events: story.map(({ name, minute, payload, properties }) => {
      const at = new Date(start.getTime() + minute * minuteMs).toISOString();
      return { name, at, payload, contact: { email, properties } };
    }),
    answers,
    until,
  });
  if (!played.ok) throw new Error(JSON.stringify(played.issues));
  const [contact] = played.simulation.contacts;
  if (!contact) throw new Error("There is no contact.");
  return {
    runs: sorted(
      contact.runs.map(({ runId, entry, key, status, step, reason, wakeAt }) => ({
        ...{ entry, key, status, step, reason, wakeAt },
        path: contact.steps.filter((taken) => taken.runId === runId && taken.kind !== "http").map(shown),
      })),
    ),
    outcomes: sorted(
      contact.outcomes.map(({ at, event, entry, outcome, reason }) => [at, event, entry, outcome, reason].join()),
    ),
    messages: sorted(
      contact.messages
        .filter(({ purpose }) => purpose !== "notice")
        .map(({ at, subject, status }) => ({ at, subject, status })),
    ),
    contact: { seen: contact.contact["seen"] ?? null, tags: contact.contact["tags"] },
  };
}

type Case = { definition: JsonObject; story: readonly RandomEvent[]; start: Date; email: string };

/** Lets the engine live through the story, stopping at every instant at which something is due. */
async function lived({ definition, story, start, email }: Case): Promise<{ told: Told; ids: Ids }> {
  engine.clock.now = start;
  const flowId = await engine.publish(definition);
  const minutes = [...new Set(story.map(({ minute }) => minute))];
  for (const minute of minutes) {
    const at = new Date(start.getTime() + minute * minuteMs);
    await wakeUntil(flowId, at);
    engine.clock.now = at;
    const events = story.filter((event) => event.minute === minute);
    await engine.record(
      ...events.map(({ name, payload, properties }) => ({ name, payload, properties, identity: { email } })),
    );
    await engine.settle();
  }
  await wakeUntil(flowId, new Date(start.getTime() + 40 * minuteMs + 1));
  const told = await recorded(flowId, email);
  const [contact] = await database.sql<{ id: string }[]>`select id from contact where email = ${email}`;
  await setFlowState(database.sql, { id: flowId, status: "archived", version: null, now: start });
  await database.sql`update run set ended_at = started_at, status = 'cancelled', wake_at = null where flow_id = ${flowId} and ended_at is null`;
  await bumpRoutingRevision(database.sql, engine.workspaceId);
  return { told, ids: { flowId, contactId: contact?.id ?? "" } };
}

/** Goes to each instant before `end` at which a run of the flow wakes. */
async function wakeUntil(flowId: string, end: Date): Promise<void> {
  for (;;) {
    const [next] = await database.sql<{ at: Date | null }[]>`
      select min(wake_at) as at from run where flow_id = ${flowId} and ended_at is null`;
    if (!next?.at || next.at >= end) return;
    await engine.advanceTo(new Date(Math.max(next.at.getTime(), engine.clock.now.getTime())));
  }
}

async function recorded(flowId: string, email: string): Promise<Told> {
  const { sql } = database;
  const runs = await sql<{ id: string; wakeAt: Date | null }[]>`
    select id, entry, key, status, step, reason, wake_at as "wakeAt" from run where flow_id = ${flowId}`;
  const trail = await sql<{ runId: string; entries: TrailEntry[] }[]>`
    select run_id as "runId", entries from trail where run_id = any(${runs.map(({ id }) => id)}::uuid[]) order by seq, at`;
  const outcomes = await sql<Record<string, unknown>[]>`
    select o.at, e.name as event, o.entry, o.outcome, o.reason from event_outcome o join event e on e.id = o.event_id and e.lane = o.lane
     where o.flow_id = ${flowId} order by o.at, e.id, o.ordinal`;
  const messages = await sql<{ at: Date; subject: string; status: string }[]>`
    select created_at as at, subject, status from message where flow_id = ${flowId}`;
  const [contact] = await sql<{ seen: string | null; tags: string[] }[]>`
    select properties->>'seen' as seen, tags from contact where email = ${email}`;
  return {
    runs: sorted(
      runs.map(({ id, wakeAt, ...run }) => ({
        ...run,
        wakeAt: wakeAt?.toISOString() ?? null,
        path: trail.flatMap((row) => (row.runId === id ? row.entries.map(shown) : [])),
      })),
    ),
    outcomes: sorted(
      outcomes.map(({ at, event, entry, outcome, reason }) =>
        [(at as Date).toISOString(), event, entry, outcome, reason].join(),
      ),
    ),
    messages: sorted(messages.map(({ at, ...message }) => ({ at: at.toISOString(), ...message }))),
    contact,
  };
}

test("the simulator and the engine tell the same of random flows and random events", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(randomDefinition, randomStory, async (definition, story) => {
      count += 1;
      const start = new Date(Date.UTC(2026, 2, 1) + count * 3_600_000);
      const one = { definition, story, start, email: `c${count}@example.com` };
      const { told, ids } = await lived(one);
      expect(simulated(one, ids)).toEqual(told);
      expect(engine.errors).toEqual([]);
    }),
    { numRuns: Number(process.env["AGREEMENT_RUNS"] ?? 10) },
  );
}, 120_000);
