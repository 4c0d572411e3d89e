import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestEngine, type TestEngine } from "../../testing/engine.ts";
import { definitionOf } from "../../testing/flow-fixture.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";
import { elementIds, flowOfElement, mainTriggerId } from "./element-ids.ts";

let database: TestDatabase;
let server: TestHttpServer;
const engines: TestEngine[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function get(url: string) {
  const answer = await server.app.inject({ url, headers: server.auth });
  return { status: answer.statusCode, body: answer.json() };
}

/** A flow that mailed two people, one of whom did what the goal wants. */
async function makeFlow(): Promise<number> {
  const engine = await createTestEngine({ sql: database.sql, workspaceId: server.workspaceId });
  engines.push(engine);
  const mail = { subject: "Hi", html: "<p>Hi</p>", purpose: "transactional" };
  const steps = {
    mail: { kind: "send-email", config: mail, exits: { next: "hold" } },
    hold: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } },
  };
  const goals = [{ name: "paid", event: "paid", within: { amount: 1, unit: "days" } }];
  const id = await engine.publish(definitionOf(steps, { goals }));
  const [ada, bo] = ["ada@mail.example", "bo@mail.example"].map((email) => ({ identity: { email } }));
  await engine.record({ name: "go", ...ada }, { name: "go", ...bo });
  await engine.settle();
  await engine.record({ name: "paid", ...ada });
  await engine.settle();
  const [row] = await database.sql`select number from flow where id = ${id}`;
  return row?.["number"];
}

test("a flow, its elements, their counts and its conversions are read by number", async () => {
  const number = await makeFlow();
  const ids = elementIds(number, ["mail", "hold"]);
  const { body } = await get(`/a360/autoresponders/${number}`);
  expect(body).toMatchObject({
    ...{
      autoresponder: { id: number, status: 1 },
      starts: 2,
      in_queue: 2,
      end_count: 0,
      send_messages: 2,
      conversions: 1,
    },
    flows: [
      { id: mainTriggerId(number), main_id: number, af_type: "maintrigger" },
      { id: ids.get("mail"), af_type: "email" },
      { id: ids.get("hold"), af_type: "trigger" },
    ],
  });
  const { body: list } = await get("/a360/autoresponders/list?limit=10");
  expect(list.data).toContainEqual(body.autoresponder);
  const stat = async (kind: string, id: number | undefined) =>
    (await get(`/a360/stats/${kind}/${id}/group-stat`)).body.data;
  expect(await stat("main-trigger", mainTriggerId(number))).toEqual({
    flow_id: mainTriggerId(number),
    executed: 2,
    deleted: 0,
  });
  const [message] = await database.sql`select id from message limit 1`;
  await server.app.inject({
    ...{
      method: "POST",
      url: `/v1/messages/${message?.["id"]}/events`,
      headers: server.auth,
      payload: { type: "opened" },
    },
  });
  expect(await stat("email", ids.get("mail"))).toMatchObject({ sent: 2, opened: 1, clicked: 0, errors: 0 });
  expect(await stat("trigger", ids.get("hold"))).toMatchObject({ executed: 2 });
  const totals = (await get(`/a360/autoresponders/${number}/total-stats?flow_type=email`)).body.data;
  expect(totals).toMatchObject([{ af_type: "email", sent: 2 }]);
  expect((await get(`/a360/autoresponders/${number}/conversions`)).body.data).toMatchObject({
    ...{ total_conversions: 1, goal_conversions: 1, goals: [{ name: "paid", conversions: 1 }] },
  });
  expect((await get(`/a360/autoresponders/${number}/conversions/list/all`)).body).toMatchObject({
    ...{
      total: 1,
      items: [{ id: 1, conversion_type: "goal", email: "ada@mail.example", conversion_date: "2026-03-01 10:00:00" }],
    },
  });
});

test.each([
  "/a360/autoresponders/999999",
  "/a360/autoresponders/x",
  "/a360/autoresponders/999999/conversions/list/all",
  "/a360/stats/email/5/group-stat",
  "/a360/stats/email/x/group-stat",
  "/a360/stats/email/9999999999999999/group-stat",
  "/a360/stats/push/10000001/group-stat",
])("%s is not found", async (url) => {
  expect(await get(url)).toMatchObject({ status: 404, body: { error_code: 404, message: expect.any(String) } });
});

test("elements keep their numbers when steps are added, and lead back to their flow", () => {
  const [before, after] = [elementIds(7, ["b", "a"]), elementIds(7, ["a", "c", "b"])];
  expect([after.get("a"), after.get("b")]).toEqual([before.get("a"), before.get("b")]);
  expect(new Set(after.values()).size).toBe(3);
  for (const id of after.values()) expect(flowOfElement(String(id))).toBe(7);
  expect([flowOfElement("0"), flowOfElement("-5"), flowOfElement("1e9")]).toEqual([null, null, null]);
});
