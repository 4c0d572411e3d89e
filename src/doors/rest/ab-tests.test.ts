import { afterAll, beforeAll, expect, test } from "vitest";
import { createRestClient, type RestClient } from "../../testing/rest-client.ts";

let rest: RestClient;
let url: string;
const winBy = {
  event: "order.placed",
  where: { field: "event.total", operator: "atLeast", value: 10 },
  key: { event: "{{ event.cart }}", run: "{{ run.key }}" },
};

beforeAll(async () => {
  rest = await createRestClient();
  const config = { variants: [{ name: "a" }, { name: "b", weight: 3 }], winBy, decide: { participants: 10 } };
  const definition = {
    ...{ schema: 1, name: "Test" },
    entries: { begin: { kind: "event", config: { event: "go" }, next: "test" } },
    steps: { test: { kind: "ab-test", config, exits: { a: null, b: null } } },
  };
  url = `/v1/flows/${(await rest.call("POST", "/v1/flows", { definition })).body.id}`;
});
afterAll(() => rest.close());

test("the tests of the published version are listed, and a winner is chosen by hand", async () => {
  const { call } = rest;
  expect((await call("GET", `${url}/ab-tests`)).body.data).toEqual([]);
  expect((await call("POST", `${url}/publish`, {})).status).toBe(200);
  expect((await call("GET", `${url}/ab-tests`)).body.data).toEqual([
    {
      ...{ step: "test", winBy, startedAt: null, winner: null, decided: null },
      variants: [
        { variant: "a", weight: 1, participants: 0, wins: 0 },
        { variant: "b", weight: 3, participants: 0, wins: 0 },
      ],
    },
  ]);
  const chosen = await call("PUT", `${url}/ab-tests/test/winner`, { variant: "b" });
  expect(chosen).toMatchObject({ status: 200, body: { winner: "b", decided: { by: "test" } } });
});

test.each<[string, string, object, number, string]>([
  ["a step that is no test", "none", { variant: "a" }, 404, "ab_test_not_found"],
  ["a variant that is none", "test", { variant: "c" }, 422, "invalid_request"],
  ["no variant", "test", {}, 422, "invalid_request"],
])("refuses %s", async (...[_, step, body, status, code]) => {
  expect(await rest.call("PUT", `${url}/ab-tests/${step}/winner`, body)).toMatchObject({ status, body: { code } });
});

test("another workspace does not find the flow, and a key without the scope may not ask", async () => {
  const missing = { status: 404, body: { code: "flow_not_found" } };
  expect(await rest.callAsOther("GET", `${url}/ab-tests`)).toMatchObject(missing);
  expect(await rest.callAsOther("PUT", `${url}/ab-tests/test/winner`, { variant: "a" })).toMatchObject(missing);
  const read = await rest.callWithout("flows:read", "GET", `${url}/ab-tests`);
  expect(read).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope: "flows:read" } } });
  const write = await rest.callWithout("flows:write", "PUT", `${url}/ab-tests/test/winner`, { variant: "a" });
  expect(write).toMatchObject({ status: 403, body: { code: "forbidden", context: { scope: "flows:write" } } });
});
