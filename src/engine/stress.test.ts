import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../core/errors.ts";
import { deleteContact } from "../operations/delete-contact.ts";
import { newId } from "../operations/new-id.ts";
import { upsertContact } from "../operations/upsert-contact.ts";
import { insertList } from "../storage/lists.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine } from "../testing/engine.ts";
import { fakeHttp } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform } from "../testing/platform.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const next = (to: string | null) => ({ next: to });
const call = {
  kind: "http-action",
  config: { method: "POST", url: "http://127.0.0.1:9/", save: [{ property: "score", path: "score" }] },
};

function busyFlow(listId: string) {
  return definitionOf(
    {
      change: {
        kind: "update-contact",
        config: { properties: { last: "{{ event.n }}" }, addTags: ["t{{ event.n }}"], joinLists: [listId] },
        exits: next("call"),
      },
      call: { ...call, exits: { success: "leave", error: "leave" } },
      leave: {
        kind: "update-contact",
        config: { removeTags: ["t{{ event.n }}"], leaveLists: [listId] },
        exits: next("mail"),
      },
      mail: {
        kind: "send-email",
        config: { subject: "Hi", html: "<p>{{ contact.last }}</p>", purpose: "transactional" },
        exits: next(null),
      },
    },
    { reentry: { mode: "always", whileRunning: "beside" }, exitWhen: [{ event: "stop" }] },
  );
}

test("events, changes, passes, answers, mails and deletions on the same contacts do not hurt each other", async () => {
  const http = fakeHttp({
    next: (effect) => ({ next: { kind: "answer", answer: { ok: true, result: { score: effect.visit } } } }),
  });
  const one = await createTestEngine({
    sql: database.sql,
    http: http.performer,
    tuning: { heartbeatMs: 50, sweepMs: 200 },
  });
  const two = await createTestEngine({
    sql: database.sql,
    http: http.performer,
    beside: one,
    tuning: { heartbeatMs: 50, sweepMs: 200, maxHeld: 20 },
  });
  const { platform, caller } = await platformOf(one);
  const listId = newId();
  await insertList(database.sql, {
    id: listId,
    workspaceId: one.workspaceId,
    name: "News",
    description: "",
    fields: [],
    createdAt: one.clock.now,
  } as never);
  await one.publish(busyFlow(listId));
  const until = performance.now() + 1200;
  const failures: unknown[] = [];
  const random = numbers();
  const email = () => `s${random() % 30}@example.com`;
  let events = 0;
  const actors: (() => Promise<unknown>)[] = [
    ...[one, two, one, two].map((engine) => () => {
      const batch = Array.from({ length: 8 }, () => ({
        name: random() % 9 === 0 ? "stop" : "go",
        identity: { email: email(), ...(random() % 3 === 0 ? { externalId: `x${random() % 30}` } : {}) },
        payload: { n: random() % 5 },
        properties: { plan: random() % 7, old: null },
        joinList: listId,
      }));
      events += batch.length;
      return engine.record(...batch);
    }),
    () =>
      upsertContact(platform, caller, {
        email: email(),
        properties: { plan: random() % 7 },
        lists: [{ id: listId, state: "subscribed" }],
      } as never),
    async () => {
      const [row] = await database.sql`select id from contact where email = ${email()}`;
      if (row) await deleteContact(platform, caller, { id: row["id"] });
    },
    async () => {
      await database.sql`select 1`;
      one.engine.signal([random() % 64]);
    },
  ];
  await Promise.all(
    actors.map(async (act) => {
      while (performance.now() < until) await act().catch((error: unknown) => expected(error) || failures.push(error));
    }),
  );
  for (let round = 0; round < 3; round += 1) {
    await one.advanceTo(one.clock.now);
    await two.advanceTo(one.clock.now);
  }
  await one.stop();
  await two.stop();
  expect(failures).toEqual([]);
  expect([...one.errors, ...two.errors]).toEqual([]);
  const [left] = await database.sql`
    select (select count(*)::int from event) as events, (select count(*)::int from event_queue) as queued,
           (select count(*)::int from run where ended_at is null) as live, (select count(*)::int from outbox) as outbox,
           (select count(*)::int from message where status not in ('sent', 'cancelled')) as unsent,
           (select count(*)::int from (select run_id, step, visit from message group by 1, 2, 3 having count(*) > 1) d) as double`;
  expect(left).toEqual({ events, queued: 0, live: 0, outbox: 0, unsent: 0, double: 0 });
  const [met] =
    await database.sql`select count(distinct event_id)::int as count from event_outcome where outcome = 'started'`;
  const [started] = await database.sql`select count(*)::int as count from run`;
  expect(met).toEqual(started);
}, 30_000);

/** What a caller may meet when another was faster. */
function expected(error: unknown): boolean {
  return error instanceof AppError && (error.status === 404 || error.status === 409 || error.status === 503);
}

function numbers(): () => number {
  const samples = fc.sample(fc.nat(), { numRuns: 5000, seed: 42 });
  let index = 0;
  return () => {
    index = (index + 1) % samples.length;
    return samples[index] ?? 0;
  };
}

async function platformOf(engine: Awaited<ReturnType<typeof createTestEngine>>) {
  const platform = await createTestPlatform(database.sql, engine);
  return { platform, caller: platform.caller };
}
