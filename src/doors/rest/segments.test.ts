import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;
let id: string;
const gold = { field: "contact.plan", operator: "is", value: "gold" };

beforeAll(async () => {
  rest = await createRestClient();
  id = (await rest.call("POST", "/v1/segments", { name: "Gold", definition: gold })).body.id;
});
afterAll(() => rest.close());

test("a segment is made, read, listed, changed, previewed and deleted", async () => {
  const { call } = rest;
  const made = await call("POST", "/v1/segments", { name: " Silver ", definition: gold });
  expect(made).toMatchObject({
    status: 201,
    body: { name: "Silver", description: "", revision: 1, state: "building", progress: 0, members: 0 },
  });
  const url = `/v1/segments/${made.body.id}`;
  expect(await call("GET", url)).toMatchObject({ status: 200, body: { id: made.body.id, definition: gold } });
  expect((await call("GET", "/v1/segments?limit=1")).body).toMatchObject({ data: [{ id: made.body.id }] });
  const renamed = await call("PATCH", url, { name: "Bronze", definition: { not: gold } });
  expect(renamed).toMatchObject({ status: 200, body: { name: "Bronze", revision: 2, definition: { not: gold } } });
  await call("PUT", "/v1/contacts", { externalId: "c", properties: { plan: "gold" } });
  expect(await call("POST", "/v1/segments/preview", { definition: gold })).toMatchObject({
    status: 200,
    body: { count: 1, sample: [{ externalId: "c" }] },
  });
  expect(await call("GET", `${url}/members`)).toMatchObject({ status: 200, body: { data: [], nextCursor: null } });
  const contact = (await call("GET", "/v1/contacts/lookup?externalId=c")).body.id;
  expect(await call("GET", `${url}/members/${contact}`)).toMatchObject({
    status: 200,
    body: { isMember: false, definition: { not: { actual: "gold", result: true } } },
  });
  expect(await call("DELETE", url)).toMatchObject({ status: 200, body: { id: made.body.id } });
  expect(await call("GET", url)).toMatchObject({ status: 404, body: { code: "segment_not_found" } });
});

test.each<[string, object, string]>([
  ["an empty name", { name: " ", definition: gold }, "name"],
  ["a name that is too long", { name: "x".repeat(201), definition: gold }, "name"],
  ["a description that is too long", { name: "a", description: "x".repeat(2001), definition: gold }, "description"],
  ["no definition", { name: "a" }, "definition"],
  ["a definition that is none", { name: "a", definition: { field: "contact.plan" } }, "definition.operator"],
  ["a condition on a run", { name: "a", definition: { ...gold, field: "run.key" } }, "definition"],
  ["a segment that is not there", { name: "a", definition: { segment: randomUUID() } }, "definition.segment"],
  ["a field nobody knows", { name: "a", definition: gold, colour: "red" }, "colour"],
])("refuses %s, and stores nothing", async (_, body, path) => {
  const before = (await rest.call("GET", "/v1/segments")).body.data.length;
  const answer = await rest.call("POST", "/v1/segments", body);
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_request", status: 422 } });
  expect(answer.body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  expect((await rest.call("GET", "/v1/segments")).body.data).toHaveLength(before);
});

test("a name is taken once, and a segment that another looks at stays", async () => {
  const { call } = rest;
  expect(await call("POST", "/v1/segments", { name: "Gold", definition: gold })).toMatchObject({
    status: 409,
    body: { code: "segment_exists" },
  });
  const outer = await call("POST", "/v1/segments", { name: "Outer", definition: { segment: id } });
  expect(await call("DELETE", `/v1/segments/${id}`)).toMatchObject({
    status: 409,
    body: { code: "segment_in_use", context: { segments: ["Outer"] } },
  });
  await call("DELETE", `/v1/segments/${outer.body.id}`);
});

test.each<["GET" | "PATCH" | "DELETE", string, object?]>([
  ["GET", ""],
  ["PATCH", "", { name: "Mine" }],
  ["DELETE", ""],
  ["GET", "/members"],
  ["GET", `/members/${randomUUID()}`],
])("%s of another workspace's segment%s is not found", async (method, path, body) => {
  const answer = await rest.callAsOther(method, `/v1/segments/${id}${path}`, body);
  expect(answer).toMatchObject({ status: 404, body: { code: "segment_not_found" } });
});

test.each<["contacts:read" | "contacts:write", "GET" | "POST" | "DELETE", string, object?]>([
  ["contacts:read", "GET", ""],
  ["contacts:read", "POST", "/preview", { definition: gold }],
  ["contacts:write", "POST", "", { name: "b", definition: gold }],
  ["contacts:write", "DELETE", `/${randomUUID()}`],
])("without the scope %s a key may not %s /v1/segments%s", async (...[scope, method, path, body]) => {
  const answer = await rest.callWithout(scope, method, `/v1/segments${path}`, body);
  expect(answer).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope } } });
});
