import { afterAll, beforeAll, expect, test } from "vitest";
import { sendNotice } from "../storage/notices.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { type Notices, openNotices } from "./notices.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

type Work = { lanes: number[]; outbox: boolean };

/** A process that listens. `next` waits for the next notice that `wanted` accepts. */
async function listener(sender: string) {
  const heard: Work[] = [];
  const waiting: { wanted: (work: Work) => boolean; resolve: (work: Work) => void }[] = [];
  const onWork = (work: Work) => {
    heard.push(work);
    for (const { wanted, resolve } of waiting) if (wanted(work)) resolve(work);
  };
  const notices = await openNotices({
    sql: database.sql,
    sender,
    onWork,
    onError: (error) => expect(error).toBeNull(),
  });
  const next = (wanted: (work: Work) => boolean) => new Promise<Work>((resolve) => waiting.push({ wanted, resolve }));
  return { notices, heard, next };
}

async function speaker(sender: string): Promise<Notices> {
  return openNotices({ sql: database.sql, sender, onWork: null, onError: (error) => expect(error).toBeNull() });
}

test("looks at everything when it begins to listen", async () => {
  const { notices, heard } = await listener("begins");
  expect(heard).toEqual([{ lanes: Array.from({ length: 64 }, (_, lane) => lane), outbox: true }]);
  await notices.close();
});

test("what is said within a moment arrives as one notice, first and last lane included", async () => {
  const engine = await listener("engine");
  const api = await speaker("api");
  const heard = engine.next(({ lanes }) => lanes.includes(63));
  api.send({ lanes: [0], outbox: false });
  api.send({ lanes: new Set([63, 5]), outbox: false });
  api.send({ lanes: [], outbox: true });
  expect(await heard).toEqual({ lanes: [0, 5, 63], outbox: true });
  expect(engine.heard).toHaveLength(2);
  await Promise.all([engine.notices.close(), api.close()]);
});

test("a process does not hear itself", async () => {
  const self = await listener("self");
  const other = await listener("other");
  const heard = other.next(({ lanes }) => lanes.length === 1);
  self.notices.send({ lanes: [9], outbox: false });
  expect(await heard).toEqual({ lanes: [9], outbox: false });
  expect(self.heard).toHaveLength(1);
  await Promise.all([self.notices.close(), other.notices.close()]);
});

test("what is left is sent before the end, and nothing is sent for nothing", async () => {
  const engine = await listener("engine");
  const api = await speaker("api");
  const heard = engine.next(({ lanes }) => lanes.length === 1);
  api.send({ lanes: [], outbox: false });
  api.send({ lanes: [7], outbox: false });
  await api.close();
  expect(await heard).toEqual({ lanes: [7], outbox: false });
  await engine.notices.close();
});

test("what others send on the channel is no notice", async () => {
  const engine = await listener("engine");
  const heard = engine.next(({ lanes }) => lanes.length === 1);
  for (const text of ["", "hello", "a b c", "x ffffffffffffffffff 1", "x -1 0"]) await sendNotice(database.sql, text);
  await sendNotice(database.sql, "other 2 0");
  expect(await heard).toEqual({ lanes: [1], outbox: false });
  expect(engine.heard).toHaveLength(2);
  await engine.notices.close();
});
