import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;

beforeAll(async () => {
  rest = await createRestClient();
});
afterAll(() => rest.close());

test("the workspace is read and changed; what is absent stays, settings are replaced as a whole", async () => {
  const { call } = rest;
  const quietHours = { from: "21:00", to: "08:00", action: "hold" };
  const changed = await call("PUT", "/v1/workspace", { timeZone: "Europe/Rome", settings: { quietHours } });
  expect(changed).toMatchObject({ status: 200, body: { timeZone: "Europe/Rome", settings: { quietHours } } });
  const { name } = changed.body;
  const renamed = await call("PUT", "/v1/workspace", { name: "Shop" });
  expect(renamed.body).toEqual({ ...changed.body, name: "Shop" });
  expect((await call("GET", "/v1/workspace")).body).toEqual(renamed.body);
  const emptied = await call("PUT", "/v1/workspace", { name, settings: {} });
  expect(emptied.body.settings).not.toMatchObject({ quietHours });
});

test.each<[string, object, string]>([
  ["a zone that is none", { timeZone: "Mars/Olympus" }, "timeZone"],
  ["an empty name", { name: " " }, "name"],
  ["a setting nobody knows", { settings: { colour: "red" } }, "settings.colour"],
  ["an hour that is none", { settings: { quietHours: { from: "25:00", to: "08:00" } } }, "settings.quietHours.from"],
])("refuses %s, and changes nothing", async (_, body, path) => {
  const before = (await rest.call("GET", "/v1/workspace")).body;
  const answer = await rest.call("PUT", "/v1/workspace", body);
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_request" } });
  expect(answer.body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  expect((await rest.call("GET", "/v1/workspace")).body).toEqual(before);
});

test("each key sees its own workspace only", async () => {
  const [own, other] = [await rest.call("GET", "/v1/workspace"), await rest.callAsOther("GET", "/v1/workspace")];
  expect(other.status).toBe(200);
  expect(other.body.id).not.toBe(own.body.id);
});

test.each<["workspace:read" | "workspace:write", "GET" | "PUT", object?]>([
  ["workspace:read", "GET"],
  ["workspace:write", "PUT", { name: "Never" }],
])("without the scope %s a key may not %s the workspace", async (scope, method, body) => {
  const answer = await rest.callWithout(scope, method, "/v1/workspace", body);
  expect(answer).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope } } });
});
