import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { compileFlow, heardNames } from "../core/flow/compile.ts";
import { flowDefinitionSchema } from "../core/flow/definition.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable } from "../storage/database.ts";
import { insertFlow, insertFlowVersion, setFlowState } from "../storage/flows.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { deferred } from "../testing/fake-http.ts";
import { definitionOf, registryWith } from "../testing/flow-fixture.ts";
import { createTestPlatform, createTestWorkspace } from "../testing/platform.ts";
import { createFlowCache } from "./flow-cache.ts";
import { newId } from "./new-id.ts";
import { createSegment } from "./segments.ts";

let database: TestDatabase;
let workspaceId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});

beforeEach(async () => {
  workspaceId = await createTestWorkspace(database.sql);
});

afterAll(() => database.drop());

const done = { done: { kind: "end", config: {} } };

async function publish(changes: JsonObject = {}, { id = newId(), version = 1 } = {}): Promise<string> {
  const now = new Date();
  const { sql } = database;
  const definition = definitionOf(done, { exitWhen: [], ...changes });
  if (version === 1) await insertFlow(sql, { id, workspaceId, name: "Sample", draft: definition, now });
  await insertFlowVersion(sql, {
    ...{ flowId: id, version, workspaceId, publishedAt: now, publishedBy: null },
    definition: definition as never,
    ...heardNames(
      compileFlow(
        { id, workspaceId, version, status: "active" },
        flowDefinitionSchema.parse(definition),
        registryWith(),
      ),
    ),
  });
  await setFlowState(sql, { id, status: "active", version, now });
  await bumpRoutingRevision(sql, workspaceId);
  return id;
}

test("knows what was published after it looked last", async () => {
  const flows = createFlowCache(registryWith());
  await flows.refresh(database.sql);
  expect(flows.hears(workspaceId, "go")).toBe(false);
  const id = await publish();
  await flows.refresh(database.sql);
  expect(flows.hears(workspaceId, "go")).toBe(true);
  expect(flows.lookup(workspaceId).listening("go")).toMatchObject([{ id, version: 1 }]);
});

test("a slow look does not bring back what a later one has replaced", async () => {
  const flows = createFlowCache(registryWith());
  const gate = deferred();
  const slow = flows.refresh(held(database.sql, gate.promise));
  await publish();
  await flows.refresh(database.sql);
  gate.resolve();
  await slow;
  expect(flows.hears(workspaceId, "go")).toBe(true);
});

/** A client that asks for the flows at once, and hands over what it got when the gate opens. */
function held(sql: Queryable, gate: Promise<void>): Queryable {
  return new Proxy(sql, {
    apply(target, _self, [text, ...values]: [TemplateStringsArray, ...never[]]) {
      const query = target(text, ...values);
      if (!text.join("").includes("from flow f")) return query;
      const asked = query.execute();
      return gate.then(() => asked);
    },
  });
}

test("hears the exit events of versions that were replaced, for their runs still wait for them", async () => {
  const flows = createFlowCache(registryWith());
  const id = await publish({ exitWhen: [{ event: "leave" }] });
  await publish({}, { id, version: 2 });
  await flows.refresh(database.sql);
  expect(flows.hears(workspaceId, "leave")).toBe(true);
  expect(flows.lookup(workspaceId).listening("leave")).toEqual([]);
  expect(flows.hears(workspaceId, "other")).toBe(false);
});

test("loads versions that runs are pinned to, and keeps those that were current", async () => {
  const flows = createFlowCache(registryWith());
  const id = await publish();
  await flows.refresh(database.sql);
  await publish({}, { id, version: 2 });
  await flows.refresh(database.sql);
  expect([flows.version(id, 1)?.version, flows.version(id, 2)?.version]).toEqual([1, 2]);
  const fresh = createFlowCache(registryWith());
  await fresh.refresh(database.sql);
  expect(fresh.version(id, 1)).toBeUndefined();
  await fresh.need(database.sql, [{ flowId: id, version: 1 }]);
  expect(fresh.version(id, 1)?.version).toBe(1);
});

const waiting = { on: { kind: "wait-for", config: { for: [{ exit: "came", event: "go" }] }, exits: { came: null } } };
const tested = {
  test: {
    kind: "ab-test",
    config: { variants: [{ name: "a" }, { name: "b" }], winBy: { event: "go" }, decide: { participants: 10 } },
    exits: { a: null, b: null },
  },
};
const elsewhere = { in: { kind: "event", config: { event: "elsewhere" }, next: "done" } };

test.each<[string, JsonObject, boolean]>([
  ["starts flows and does nothing else", {}, true],
  ["is an exit rule of another flow", { exitWhen: [{ event: "go" }] }, false],
  [
    "is the goal of another flow",
    { goals: [{ name: "sold", event: "go", within: { amount: 1, unit: "days" } }] },
    false,
  ],
  ["is waited for by a step", { steps: { ...done, ...waiting } }, false],
  ["decides a test of variants", { steps: { ...done, ...tested } }, false],
])("knows of an event that %s", async (...[, other, expected]) => {
  const flows = createFlowCache(registryWith());
  await publish();
  await publish({ entries: elsewhere, ...other });
  await flows.refresh(database.sql);
  expect(flows.hears(workspaceId, "go")).toBe(true);
  expect(flows.onlyStarts(workspaceId, "go")).toBe(expected);
});

test("an event does more than start flows when an earlier version hears it, a segment counts it, or its flow tests variants", async () => {
  const flows = createFlowCache(registryWith());
  const id = await publish({ exitWhen: [{ event: "go" }] });
  await publish({}, { id, version: 2 });
  await publish({ entries: { in: { kind: "event", config: { event: "into a test" }, next: "test" } }, steps: tested });
  await publish({ entries: { in: { kind: "event", config: { event: "counted" }, next: "done" } } });
  const platform = await createTestPlatform(database.sql, { workspaceId });
  await createSegment(platform, platform.caller, { name: "Counted", definition: { event: "counted" } });
  await flows.refresh(database.sql);
  for (const name of ["go", "into a test", "counted"])
    expect([name, flows.onlyStarts(workspaceId, name)]).toEqual([name, false]);
  expect(flows.onlyStarts(newId(), "go")).toBe(false);
});

test("a workspace is asked through one lookup, which knows what was published since", async () => {
  const flows = createFlowCache(registryWith());
  const lookup = flows.lookup(workspaceId);
  const id = await publish();
  await flows.refresh(database.sql);
  expect(flows.lookup(workspaceId)).toBe(lookup);
  expect(lookup.listening("go")).toMatchObject([{ id }]);
});
