import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;
let flowId: string;
let segment: string;

beforeAll(async () => {
  rest = await createRestClient();
  const definition = {
    ...{ schema: 1, name: "Sale" },
    entries: { begin: { kind: "start", config: {}, next: "done" } },
    steps: { done: { kind: "end", config: {}, exits: {} } },
  };
  flowId = (await rest.call("POST", "/v1/flows", { definition })).body.id;
  await rest.call("POST", `/v1/flows/${flowId}/publish`, {});
  const gold = { field: "contact.plan", operator: "is", value: "gold" };
  segment = (await rest.call("POST", "/v1/segments", { name: "Gold", definition: gold })).body.id;
});
afterAll(() => rest.close());

function start(body: object) {
  return rest.call("POST", `/v1/flows/${flowId}/start`, body);
}

test("a start for a segment is a broadcast, which is read, listed, paused, resumed and cancelled", async () => {
  const { call } = rest;
  const started = await start({ segment });
  expect(started).toMatchObject({
    status: 202,
    body: {
      flowId,
      entry: "begin",
      broadcast: { state: "running", audience: { segment }, priority: "low", cause: "api" },
    },
  });
  const { id } = started.body.broadcast;
  const url = `/v1/broadcasts/${id}`;
  expect(await call("GET", url)).toMatchObject({ status: 200, body: { id, counts: { queued: 0 } } });
  expect((await call("GET", `/v1/broadcasts?flowId=${flowId}&state=running`)).body.data).toMatchObject([{ id }]);
  expect(await call("POST", `${url}/pause`)).toMatchObject({ status: 200, body: { state: "paused", nextAt: null } });
  expect(await call("POST", `${url}/resume`)).toMatchObject({ status: 200, body: { state: "running" } });
  expect(await call("POST", `${url}/cancel`)).toMatchObject({ status: 200, body: { state: "cancelled" } });
  expect(await call("POST", `${url}/resume`)).toMatchObject({
    status: 409,
    body: { code: "invalid_state", context: { state: "cancelled" } },
  });
});

test("starts for contacts say of each what became of it", async () => {
  await rest.call("PUT", "/v1/contacts", { email: "ada@example.com" });
  const body = { contacts: [{ email: "ada@example.com" }, { email: "no address" }] };
  expect((await start(body)).body).toMatchObject({
    results: [{ status: "queued" }, { status: "refused", issues: [{}] }],
  });
});

test.each<[string, object, string]>([
  ["nobody", {}, ""],
  ["two audiences", { segment: randomUUID(), list: randomUUID() }, ""],
  ["a segment that is not there", { segment: randomUUID() }, "segment"],
  ["a list that is not there", { list: randomUUID() }, "list"],
  ["a list that is no id", { list: "news" }, "list"],
  ["a condition over the run", { where: { field: "run.key", operator: "is", value: "x" } }, "where"],
  ["a condition over a segment that is not there", { where: { segment: randomUUID() } }, "where"],
  ["an entry that is not there", { where: { event: "paid" }, entry: "other" }, "entry"],
])("refuses to start %s, and makes no broadcast", async (_, body, path) => {
  const before = (await rest.call("GET", "/v1/broadcasts")).body.data.length;
  const answer = await start(body);
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_request" } });
  expect(answer.body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  expect((await rest.call("GET", "/v1/broadcasts")).body.data).toHaveLength(before);
});

test("another workspace finds neither the flow, nor the broadcast, nor the segment", async () => {
  const { id } = (await start({ where: { event: "paid" } })).body.broadcast;
  const { callAsOther } = rest;
  const missing = { status: 404, body: { code: "broadcast_not_found" } };
  expect(await callAsOther("GET", `/v1/broadcasts/${id}`)).toMatchObject(missing);
  for (const action of ["pause", "resume", "cancel"])
    expect(await callAsOther("POST", `/v1/broadcasts/${id}/${action}`)).toMatchObject(missing);
  expect((await callAsOther("GET", "/v1/broadcasts")).body.data).toEqual([]);
  expect(await callAsOther("POST", `/v1/flows/${flowId}/start`, { segment })).toMatchObject({
    status: 404,
    body: { code: "flow_not_found" },
  });
});

test.each<["runs:read" | "runs:write", "GET" | "POST", () => string, object?]>([
  ["runs:read", "GET", () => "/v1/broadcasts"],
  ["runs:read", "GET", () => `/v1/broadcasts/${randomUUID()}`],
  ["runs:write", "POST", () => `/v1/broadcasts/${randomUUID()}/pause`],
  ["runs:write", "POST", () => `/v1/flows/${flowId}/start`, { contact: { email: "ada@example.com" } }],
])("without the scope %s a key may not %s", async (...[scope, method, url, body]) => {
  const answer = await rest.callWithout(scope, method, url(), body);
  expect(answer).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope } } });
});
