import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { closeDatabase, connect } from "./database.ts";
import { listenToNotices, sendNotice } from "./notices.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

test("a notice sent by one pool reaches those who listen on another", async () => {
  const other = connect(database.url, { max: 2, applicationName: "other" });
  let listens = 0;
  const heard = new Promise<string>((resolve) => {
    void listenToNotices(other, {
      onNotice: resolve,
      onListening: () => {
        listens += 1;
      },
    }).then(() => sendNotice(database.sql, "lanes 3 & 'quotes'"));
  });
  expect(await heard).toBe("lanes 3 & 'quotes'");
  expect(listens).toBe(1);
  await closeDatabase(other);
});

test("nothing comes any more after the end", async () => {
  const other = connect(database.url, { max: 2, applicationName: "other" });
  const heard: string[] = [];
  const witness = connect(database.url, { max: 2, applicationName: "witness" });
  const end = await listenToNotices(other, { onNotice: (text) => heard.push(text), onListening: () => undefined });
  await end();
  const seen = new Promise((resolve) => {
    void listenToNotices(witness, { onNotice: resolve, onListening: () => undefined }).then(() =>
      sendNotice(database.sql, "late"),
    );
  });
  await seen;
  expect(heard).toEqual([]);
  await Promise.all([closeDatabase(other), closeDatabase(witness)]);
});
