import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { fakeHttp } from "../testing/fake-http.ts";
import { definitionOf, registryWith } from "../testing/flow-fixture.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate event_queue, outbox, run, trail, event_outcome, admission, worker, flow, flow_version cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

const oddFlow = definitionOf({ odd: { kind: "odd", config: {}, exits: { next: null } } });
const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ name: "go", identity: { email: `p${n}@example.com` } }));

/** A step that makes rows which the database refuses, for the contacts that `isBad` says. */
function poisonous(isBad: (email: string) => boolean) {
  return registryWith(({ contact }) => {
    // No rule of ours checks a list id here, and it is no UUID.
    const changes = isBad(contact.email ?? "")
      ? [{ kind: "set-membership", listId: "none", state: "subscribed" } as const]
      : [];
    return { kind: "go", exit: "next", changes };
  });
}

test("a contact whose rows the database refuses does not block its lane: it alone fails, and that is reported", async () => {
  const engine = await start({ kinds: poisonous((email) => email === "p7@example.com") });
  const flow = await engine.publish(oddFlow);
  await engine.record(...people(200));
  await engine.settle();
  const outcomes =
    await database.sql`select outcome, reason, count(*)::int from event_outcome where flow_id = ${flow} group by 1, 2 order by 1`;
  expect(outcomes).toEqual([
    { outcome: "not_started", reason: "internal_error", count: 1 },
    { outcome: "started", reason: null, count: 199 },
  ]);
  expect(await database.sql`select count(*)::int from event_queue`).toEqual([{ count: 0 }]);
  const [bad] = await database.sql`select id from contact where email = 'p7@example.com'`;
  expect(engine.errors).toContainEqual(expect.objectContaining({ contactId: bad?.["id"] }));
});

test("a run that the database refuses ends as failed with a reason, and the contact's other runs go on", async () => {
  let isBad = false;
  const engine = await start({ kinds: poisonous((email) => isBad && email === "p1@example.com") });
  const wait = { kind: "wait", config: { for: { amount: 1, unit: "hours" } } };
  await engine.publish(
    definitionOf({
      wait: { ...wait, exits: { next: "odd" } },
      odd: { kind: "odd", config: {}, exits: { next: null } },
    }),
  );
  await engine.publish(
    definitionOf({ wait: { kind: "wait", config: { for: { amount: 3, unit: "hours" } }, exits: { next: null } } }),
  );
  await engine.record(...people(3));
  await engine.settle();
  isBad = true;
  await engine.advanceTo(new Date("2026-03-01T11:00:00Z"));
  const rows = await database.sql`select status, reason, count(*)::int from run group by 1, 2 order by 1`;
  expect(rows).toEqual([
    { status: "completed", reason: null, count: 2 },
    { status: "failed", reason: "internal_error", count: 1 },
    { status: "waiting", reason: null, count: 3 },
  ]);
  await engine.advanceTo(new Date("2026-03-01T13:00:00Z"));
  expect(await database.sql`select count(*)::int from run where status = 'completed'`).toEqual([{ count: 5 }]);
});

test("many refusals at once are a bug of ours: after some contacts no more are failed, and their lanes wait", async () => {
  let isBad = true;
  const engine = await start({ kinds: poisonous(() => isBad), tuning: { quarantinePerMinute: 3 } });
  await engine.publish(oddFlow);
  await engine.record(...people(20));
  await expect.poll(() => engine.errors.length).toBeGreaterThan(10);
  const failed = await database.sql`select count(*)::int from event_outcome where reason = 'internal_error'`;
  expect(failed).toEqual([{ count: 3 }]);
  expect(await database.sql`select count(*)::int from event_queue`).toEqual([{ count: 17 }]);
  isBad = false;
  await engine.settle();
  expect(await database.sql`select count(*)::int from event_queue`).toEqual([{ count: 0 }]);
  expect(await database.sql`select count(*)::int from run where status = 'completed'`).toEqual([{ count: 17 }]);
});

test("no text that an answer or a template brings can block a lane: NUL, half characters, also in names", async () => {
  const bad = {
    "k\0ey": "v\0alue",
    "\ud800": ["\udfff", { "\0": "\ud83d" }],
    long: "x".repeat(100_000),
    huge: 1e308,
    tiny: 5e-324,
  };
  const http = fakeHttp({ next: () => ({ next: { kind: "answer", answer: { ok: true, result: bad } } }) });
  const engine = await start({
    http: http.performer,
    kinds: registryWith(() => ({
      kind: "go",
      exit: "next",
      result: bad,
      detail: bad,
      changes: [
        { kind: "set-properties", properties: bad },
        { kind: "add-tags", tags: ["t\0\ud800"] },
      ],
    })),
  });
  await engine.publish(
    definitionOf(
      {
        call: {
          kind: "http-action",
          config: { method: "POST", url: "http://127.0.0.1:9/" },
          exits: { success: "odd", error: null },
        },
        odd: { kind: "odd", config: {}, exits: { next: "done" } },
        done: { kind: "end", config: {} },
      },
      { reentry: { mode: "never", key: "{{ event.k }}" } },
    ),
  );
  for (let time = 0; time < 2; time += 1) {
    await engine.record({ name: "go", payload: { k: `${"k".repeat(300)}\ud800\0` } });
    await engine.settle();
  }
  expect(engine.errors).toEqual([]);
  expect(await database.sql`select status, reason from run`).toEqual([{ status: "completed", reason: null }]);
  expect(await database.sql`select outcome, reason from event_outcome order by at, event_id`).toEqual([
    { outcome: "started", reason: null },
    { outcome: "not_started", reason: "entered_before" },
  ]);
});

test("a date beyond what can be stored does not block a lane", async () => {
  const engine = await start();
  await engine.publish(
    definitionOf(
      {
        wait: {
          kind: "wait",
          config: { untilDate: { field: "event.at", offset: { amount: 10, unit: "days" } } },
          exits: { next: null, missing: null },
        },
      },
      { reentry: { mode: "always", whileRunning: "beside" } },
    ),
  );
  await engine.record(
    ...["9999-12-31", "0001-01-01", "+300000-01-01", "2026-13-45"].map((at) => ({ name: "go", payload: { at } })),
  );
  await engine.settle();
  expect(engine.errors).toEqual([]);
  expect(
    await database.sql`select status, wake_at as "wakeAt", count(*)::int from run group by 1, 2 order by 1`,
  ).toEqual([
    { status: "completed", wakeAt: null, count: 3 },
    { status: "waiting", wakeAt: new Date("9999-12-31T23:59:59.999Z"), count: 1 },
  ]);
});

test("one answer that cannot be written does not keep back the others", async () => {
  const http = fakeHttp();
  const engine = await start({ http: http.performer });
  await engine.publish(
    definitionOf({
      call: {
        kind: "http-action",
        config: { method: "POST", url: "http://127.0.0.1:9/" },
        exits: { success: null, error: null },
      },
    }),
  );
  await database.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin
      if new.answered and (select email from contact where contact.lane = new.lane and contact.id = new.contact_id) = 'p3@example.com' then raise exception 'no' using errcode = '22023'; end if;
      return new; end $$;
    create trigger refuse before update on outbox for each row execute function refuse()`);
  await engine.record(...people(20));
  await expect
    .poll(async () => (await database.sql`select count(*)::int from run where status = 'completed'`)[0]?.["count"])
    .toBe(19);
  await database.sql.unsafe("drop trigger refuse on outbox; drop function refuse()");
});
