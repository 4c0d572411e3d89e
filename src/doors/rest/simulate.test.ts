import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { definitionOf } from "../../testing/flow-fixture.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let flow: string;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  const pause = { kind: "wait", config: { for: { amount: 1, unit: "days" } }, exits: { next: null } };
  flow = (await post("/v1/flows", { definition: definitionOf({ pause }) })).body.id;
  await post("/v1/events", { name: "seen", contact: { email: "ada@example.com", properties: { plan: "gold" } } });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function post(url: string, payload: object) {
  const answer = await server.app.inject({ method: "POST", url, headers: server.auth, payload });
  return { status: answer.statusCode, body: answer.json() };
}

const events = [{ name: "go", contact: "ada@example.com", at: "2026-03-01T10:00:00Z" }];

test("a flow is played over the events of the body, up to an instant", async () => {
  expect(await post(`/v1/flows/${flow}/simulate`, { events })).toMatchObject({
    status: 200,
    body: { isCut: false, contacts: [{ email: "ada@example.com", path: ["pause:next"] }], counts: [{ completed: 1 }] },
  });
  expect(await post(`/v1/flows/${flow}/simulate`, { events, until: "2026-03-01T11:00:00Z" })).toMatchObject({
    body: { contacts: [{ path: [], runs: [{ step: "pause", status: "waiting" }] }] },
  });
});

test("a flow is tried on the contacts for whom a condition holds", async () => {
  const where = { field: "contact.plan", operator: "is", value: "gold" };
  expect(await post(`/v1/flows/${flow}/dry-run`, { where })).toMatchObject({
    status: 200,
    body: { contacts: 1, counts: { started: 1, exits: { pause: { next: 1 } } }, notStarted: {} },
  });
});

test.each([
  ["simulate", { events: [{ name: "go" }] }, 422],
  ["simulate", { events, until: "soon" }, 422],
  ["simulate", { recorded: { last: 0 } }, 422],
  ["dry-run", { where: { field: "contact.plan", operator: "resembles" } }, 422],
  ["dry-run", {}, 422],
])("%s refuses %j", async (name, body, status) => {
  expect(await post(`/v1/flows/${flow}/${name}`, body)).toMatchObject({ status, body: { code: "invalid_request" } });
});

test("a flow that is not there cannot be played", async () => {
  expect(await post("/v1/flows/999/simulate", { events })).toMatchObject({
    status: 404,
    body: { code: "flow_not_found" },
  });
});
