import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

type Operation = {
  summary?: string;
  tags?: string[];
  responses: Record<string, unknown>;
  requestBody?: { content: Record<string, { schema: object }> };
};

let database: TestDatabase;
let server: TestHttpServer;
let document: { openapi: string; paths: Record<string, Record<string, Operation>>; components: Record<string, object> };
let operations: [string, Operation][];

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  document = (await server.app.inject("/openapi.json")).json();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
  );
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

test("is OpenAPI 3.1, with every path of the API and none of the pages", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths).every((path) => /^\/(v1|in)\//.test(path))).toBe(true);
  expect(operations.length).toBeGreaterThan(45);
});

test("every route has a summary, a tag, an answer of success and the refusals", () => {
  const lacking = operations.filter(([, { summary, tags, responses }]) => {
    const statuses = Object.keys(responses);
    return (
      !summary ||
      tags?.length !== 1 ||
      !statuses.some((status) => status.startsWith("2")) ||
      !statuses.includes("401") ||
      !statuses.includes("422")
    );
  });
  expect(lacking.map(([name]) => name)).toEqual([]);
});

test("every body that must be sent has an example", () => {
  const lacking = operations.filter(
    ([, { requestBody }]) => requestBody && !/"examples?":/.test(JSON.stringify(requestBody)),
  );
  expect(lacking.map(([name]) => name)).toEqual(["post /v1/flows/{id}/publish", "post /v1/runs/{id}/cancel"]);
});

test("every reference leads somewhere", () => {
  const text = JSON.stringify(document);
  const targets = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => (path as string).split("/"));
  const lost = targets.filter(
    (path) =>
      path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document) === undefined,
  );
  expect(targets.length).toBeGreaterThan(0);
  expect(lost).toEqual([]);
});
