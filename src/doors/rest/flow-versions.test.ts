import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;
let url: string;

beforeAll(async () => {
  rest = await createRestClient();
});
afterAll(() => rest.close());
beforeEach(async () => {
  url = `/v1/flows/${(await rest.call("POST", "/v1/flows", { definition: flow("pause") })).body.id}`;
  await publish(flow("pause"));
});

function flow(step: string) {
  const wait = { kind: "wait", config: { for: { amount: 4, unit: "hours" } }, exits: { next: null } };
  return {
    ...{ schema: 1, name: "Versions" },
    entries: { begin: { kind: "event", config: { event: "go" }, next: step } },
    steps: { [step]: wait },
  };
}

function publish(definition: object) {
  return rest.call("POST", `${url}/publish`, { definition });
}

test("each publish is a version; they are listed, read, compared and rolled back to", async () => {
  const { call } = rest;
  expect(await publish(flow("rest"))).toMatchObject({ status: 200, body: { version: 2, status: "active" } });
  expect((await call("GET", `${url}/versions`)).body.data).toMatchObject([{ version: 2 }, { version: 1 }]);
  expect(await call("GET", `${url}/versions/1`)).toMatchObject({
    status: 200,
    body: { version: 1, definition: { steps: { pause: { kind: "wait" } } } },
  });
  expect(await call("GET", `${url}/diff?from=1&to=2`)).toMatchObject({
    status: 200,
    body: { from: 1, to: 2, isSame: false, steps: { added: ["rest"], removed: ["pause"] } },
  });
  expect(await call("POST", `${url}/rollback`, { version: 1 })).toMatchObject({
    status: 200,
    body: { rolledBack: { from: 2, to: 1, as: 3 }, flow: { version: 3 } },
  });
  expect((await call("GET", `${url}/diff?from=1&to=3`)).body).toMatchObject({ isSame: true });
});

test("a migration is tried first, and then is a job", async () => {
  const { call } = rest;
  await publish(flow("rest"));
  const plan = { from: 1, to: 2, map: { pause: "rest" } };
  const dry = await call("POST", `${url}/migrations`, { ...plan, dryRun: true });
  expect(dry.body).toMatchObject({ from: 1, to: 2, steps: [{ from: "pause", to: "rest", runs: 0 }], job: null });
  expect((await call("GET", "/v1/jobs")).body.data).toEqual([]);
  const real = await call("POST", `${url}/migrations`, plan);
  expect(real.body).toMatchObject({ job: { kind: "migrate", status: "running", progress: 0 } });
  expect(await call("POST", `${url}/migrations`, plan)).toMatchObject({
    status: 409,
    body: { code: "invalid_state", context: { job: real.body.job.id } },
  });
  expect(await call("POST", `/v1/jobs/${real.body.job.id}/cancel`)).toMatchObject({
    status: 200,
    body: { status: "cancelled" },
  });
});

test.each<[string, string, object, number, string]>([
  ["a flow that cannot run", "publish", { definition: { ...flow("a"), steps: {} } }, 422, "invalid_flow"],
  ["a migration that leads nowhere", "migrations", { from: 1, to: 2 }, 422, "invalid_migration"],
  ["a migration to the same version", "migrations", { from: 2, to: 2 }, 422, "invalid_migration"],
  ["a migration of a version that is not there", "migrations", { from: 9, to: 2 }, 404, "flow_version_not_found"],
  ["a share of nobody", "migrations", { from: 1, to: 2, share: 0 }, 422, "invalid_request"],
  ["a roll-back to what is not there", "rollback", { version: 9 }, 404, "flow_version_not_found"],
  ["a roll-back to a text", "rollback", { version: "one" }, 422, "invalid_request"],
])("refuses %s", async (...[_, path, body, status, code]) => {
  await publish(flow("rest"));
  expect(await rest.call("POST", `${url}/${path}`, body)).toMatchObject({ status, body: { code } });
  expect((await rest.call("GET", `${url}/versions`)).body.data).toHaveLength(2);
});

test("refuses to compare with what is not there", async () => {
  expect(await rest.call("GET", `${url}/diff?from=7`)).toMatchObject({
    status: 404,
    body: { code: "flow_version_not_found" },
  });
  expect(await rest.call("GET", `${url}/diff?from=x`)).toMatchObject({ status: 422 });
});

test.each<["GET" | "POST", string, object?]>([
  ["GET", "/versions"],
  ["GET", "/versions/1"],
  ["GET", "/diff?from=1"],
  ["GET", "/forecast"],
  ["POST", "/publish", {}],
  ["POST", "/rollback", { version: 1 }],
  ["POST", "/migrations", { from: 1, to: 2, dryRun: true }],
])("%s %s of another workspace's flow is not found", async (method, path, body) => {
  expect(await rest.callAsOther(method, `${url}${path}`, body)).toMatchObject({
    status: 404,
    body: { code: "flow_not_found" },
  });
});

test.each<["flows:read" | "flows:write", "GET" | "POST", string, object?]>([
  ["flows:read", "GET", "/versions"],
  ["flows:read", "GET", "/diff?from=1"],
  ["flows:write", "POST", "/publish", {}],
  ["flows:write", "POST", "/rollback", { version: 1 }],
  ["flows:write", "POST", "/migrations", { from: 1, to: 2 }],
])("without the scope %s a key may not %s %s", async (...[scope, method, path, body]) => {
  const answer = await rest.callWithout(scope, method, `${url}${path}`, body);
  expect(answer).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope } } });
});
