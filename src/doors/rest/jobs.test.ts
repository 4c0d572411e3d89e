import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;
let flowId: string;

beforeAll(async () => {
  rest = await createRestClient();
  const definition = {
    ...{ schema: 1, name: "Jobs" },
    entries: { begin: { kind: "event", config: { event: "go" }, next: "done" } },
    steps: { done: { kind: "end", config: {}, exits: {} } },
  };
  flowId = (await rest.call("POST", "/v1/flows", { definition })).body.id;
  await rest.call("POST", `/v1/flows/${flowId}/publish`, {});
});
afterAll(() => rest.close());

function act(filter: object, changes: object = {}) {
  return rest.call("POST", "/v1/runs/actions", {
    action: { kind: "cancel" },
    filter: { flowId, ...filter },
    ...changes,
  });
}

test("an action on many runs is a job, which is read, listed and cancelled", async () => {
  const { call } = rest;
  const made = await act({ enteredBefore: "2026-03-01T10:00:00Z", where: { event: "paid" } });
  expect(made).toMatchObject({
    status: 202,
    body: { kind: "act", flowId, status: "running", progress: 0, counts: {} },
  });
  const url = `/v1/jobs/${made.body.id}`;
  expect(await call("GET", url)).toMatchObject({ status: 200, body: { id: made.body.id, error: null } });
  expect((await call("GET", `/v1/jobs?flowId=${flowId}`)).body.data).toMatchObject([{ id: made.body.id }]);
  expect(await call("POST", `${url}/cancel`)).toMatchObject({ status: 200, body: { status: "cancelled" } });
  expect(await call("POST", `${url}/cancel`)).toMatchObject({ status: 409, body: { code: "invalid_state" } });
});

test("a job that lets a flow go on cannot be cancelled", async () => {
  await rest.call("POST", `/v1/flows/${flowId}/pause`, { mode: "hold" });
  await rest.call("POST", `/v1/flows/${flowId}/resume`, {});
  const { data } = (await rest.call("GET", "/v1/jobs")).body;
  const release = data.find((job: { kind: string }) => job.kind === "release");
  expect(await rest.call("POST", `/v1/jobs/${release.id}/cancel`)).toMatchObject({
    status: 409,
    body: { code: "invalid_state" },
  });
});

test.each<[string, object, object, string]>([
  ["an instant that is none", { enteredAfter: "yesterday" }, {}, "filter.enteredAfter"],
  ["a segment that is no id", { segment: "gold" }, {}, "filter.segment"],
  ["a segment that is not there", { segment: randomUUID() }, {}, "filter.segment"],
  ["a condition over the run", { where: { field: "run.key", operator: "is", value: 1 } }, {}, "filter.where"],
  ["an action nobody knows", {}, { action: { kind: "explode" } }, "action.kind"],
  ["a filter nobody knows", { colour: "red" }, {}, "filter.colour"],
])("refuses %s, and makes no job", async (...[_, filter, changes, path]) => {
  const before = (await rest.call("GET", "/v1/jobs")).body.data.length;
  const answer = await act(filter, changes);
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_request" } });
  expect(answer.body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  expect((await rest.call("GET", "/v1/jobs")).body.data).toHaveLength(before);
});

test("another workspace finds neither the job nor the flow", async () => {
  const { id } = (await act({})).body;
  const { callAsOther } = rest;
  const missing = { status: 404, body: { code: "job_not_found" } };
  expect(await callAsOther("GET", `/v1/jobs/${id}`)).toMatchObject(missing);
  expect(await callAsOther("POST", `/v1/jobs/${id}/cancel`)).toMatchObject(missing);
  expect((await callAsOther("GET", "/v1/jobs")).body.data).toEqual([]);
  const body = { action: { kind: "cancel" }, filter: { flowId } };
  expect(await callAsOther("POST", "/v1/runs/actions", body)).toMatchObject({
    status: 404,
    body: { code: "flow_not_found" },
  });
});

test.each<["runs:read" | "runs:write", "GET" | "POST", string]>([
  ["runs:read", "GET", "/v1/jobs"],
  ["runs:read", "GET", `/v1/jobs/${randomUUID()}`],
  ["runs:write", "POST", `/v1/jobs/${randomUUID()}/cancel`],
])("without the scope %s a key may not %s %s", async (scope, method, url) => {
  const answer = await rest.callWithout(scope, method, url);
  expect(answer).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope } } });
});
