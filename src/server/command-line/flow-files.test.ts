import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { canonicalText } from "../../core/flow/canonical.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { registry } from "../../testing/engine.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";
import { randomDefinition } from "../../testing/random-stories.ts";
import { runCommandLine } from "../command-line.ts";

type Site = { database: TestDatabase; server: TestHttpServer; url: string };
let one: Site;
let two: Site;
let folder: string;

async function openSite(): Promise<Site> {
  const database = await createTestDatabase();
  const server = await createTestHttpServer(database.sql);
  await server.app.listen({ port: 0, host: "127.0.0.1" });
  return { database, server, url: `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}` };
}

beforeAll(async () => {
  [one, two] = await Promise.all([openSite(), openSite()]);
});

afterAll(async () => {
  for (const { server, database } of [one, two]) {
    await server.app.close();
    await database.drop();
  }
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "staffetta-flows-"));
  for (const { database } of [one, two]) await database.sql`truncate flow, list cascade`;
  return () => rmSync(folder, { recursive: true });
});

async function run({ server, url }: Site, ...words: string[]) {
  const printed = { out: "", err: "" };
  for (const [name, stream] of [["out", process.stdout] as const, ["err", process.stderr] as const])
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    });
  const key = server.auth.authorization.replace("Bearer ", "");
  const code = await runCommandLine([...words, "--url", url, "--key", key]).finally(() => vi.restoreAllMocks());
  return { code, ...printed };
}

async function call({ server }: Site, path: string, payload?: object) {
  const sent = payload ? ({ method: "POST", payload } as const) : ({ method: "GET" } as const);
  return (await server.app.inject({ url: path, headers: server.auth, ...sent })).json();
}

const make = async (site: Site, definition: JsonObject) => (await call(site, "/v1/flows", { definition })).id as string;
const list = async (site: Site, name: string) => (await call(site, "/v1/lists", { name })).id as string;
const drafts = async (site: Site) => {
  const { data } = await call(site, "/v1/flows");
  const flows = await Promise.all((data as { id: string }[]).map(({ id }) => call(site, `/v1/flows/${id}`)));
  return new Map(
    flows.map((flow) => [flow.name as string, flow as { definition: Json; status: string; version: number }]),
  );
};
const file = (name: string) => readFileSync(join(folder, name), "utf8");

const joins = (listId: string, name = "Joins") => ({
  schema: 1,
  name,
  entries: { go: { kind: "event", config: { event: "go" }, next: "join" } },
  steps: { join: { kind: "update-contact", config: { joinLists: [listId] }, exits: { next: null } } },
  reentry: { mode: "never" },
});

test("flows go from one server to another, with lists by their names", async () => {
  await make(one, joins(await list(one, "News")));
  const listId = await list(two, "News");
  expect(await run(one, "export", "flows", "--dir", folder)).toMatchObject({
    code: 0,
    out: `Wrote 1 flow to ${folder}.\n`,
  });
  expect(file("joins.json")).toContain('"$staffetta": "list",\n            "name": "News"');
  expect(await run(two, "import", "flows", folder, "--publish")).toEqual({
    code: 0,
    out: "create     joins.json  (publish)\n",
    err: "",
  });
  const flow = (await drafts(two)).get("Joins");
  expect(flow).toMatchObject({ status: "active", version: 1 });
  expect(canonicalText(flow?.definition ?? null, registry)).toBe(canonicalText(joins(listId), registry));
});

test("a second import changes nothing; a changed file changes its flow; a dry run only says so", async () => {
  await make(one, joins(await list(one, "News")));
  await run(one, "export", "flows", "--dir", folder);
  expect((await run(one, "import", "flows", folder)).out).toBe("unchanged  joins.json\n");
  const changed = file("joins.json").replace('"go"\n', '"gone"\n');
  writeFileSync(join(folder, "joins.json"), changed);
  const dry = await run(one, "import", "flows", folder, "--dry-run");
  expect(dry.out).toBe("change     joins.json\nNothing was done: it was a dry run.\n");
  expect((await run(one, "import", "flows", folder)).out).toBe("change     joins.json\n");
  expect((await run(one, "import", "flows", folder)).out).toBe("unchanged  joins.json\n");
  expect((await run(one, "import", "flows", folder, "--publish")).out).toBe("unchanged  joins.json  (publish)\n");
  expect((await run(one, "import", "flows", folder, "--publish")).out).toBe("unchanged  joins.json\n");
});

test("what is not right is told with its file, all at once, and nothing is done", async () => {
  writeFileSync(join(folder, "a.json"), JSON.stringify(joins({ $staffetta: "list", name: "None" } as never, "A")));
  writeFileSync(join(folder, "b.json"), JSON.stringify({ ...joins("", "B"), steps: {} }));
  const { code, err } = await run(two, "import", "flows", folder, "--publish");
  expect(code).toBe(1);
  expect(err).toContain('a.json: steps.join.config.joinLists[0] there is no list named "None" on the server\n');
  expect(err).toContain('b.json: entries.go.next there is no step "join"');
  expect((await drafts(two)).size).toBe(0);
});

test("two flows of one name have files of their own, and cannot be imported", async () => {
  const listId = await list(one, "News");
  await make(one, joins(listId));
  await make(one, joins(listId));
  await run(one, "export", "flows", "--dir", folder);
  expect(readdirSync(folder)).toEqual(["joins-2.json", "joins.json"]);
  expect(await run(one, "import", "flows", folder)).toMatchObject({
    code: 1,
    err: expect.stringContaining("is that of"),
  });
});

test("export takes away the files of flows that are gone, when asked to", async () => {
  writeFileSync(join(folder, "gone.json"), "{}");
  expect((await run(one, "export", "flows", "--dir", folder, "--prune")).out).toContain("Removed gone.json.");
  expect(readdirSync(folder)).toEqual([]);
});

test("random flows come back from their files as they were", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(randomDefinition, async (random) => {
      count += 1;
      const definition = { ...random, name: `Random ${count}` };
      await make(one, definition);
      await run(one, "export", "flows", "--dir", folder);
      expect(await run(two, "import", "flows", folder)).toMatchObject({ code: 0 });
      const copy = (await drafts(two)).get(definition.name);
      expect(canonicalText(copy?.definition ?? null, registry)).toBe(canonicalText(definition, registry));
    }),
    { numRuns: 10 },
  );
});

test.each([
  [["export", "lists"], "Say what to export: staffetta export flows."],
  [["import", "flows"], "Say what to import, and from where: staffetta import flows <folder>."],
])("%j is refused with code 2", async (words, sentence) => {
  expect(await run(one, ...words)).toMatchObject({ code: 2, err: `${sentence}\n` });
});
