import { validateFlow } from "../../src/core/flow/validate.ts";
import { laneCount } from "../../src/core/id.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { EffectPerformer } from "../../src/engine/perform/performer.ts";
import { createFlowCache, type FlowCache } from "../../src/operations/flow-cache.ts";
import { newId } from "../../src/operations/new-id.ts";
import { entryKinds, stepKinds } from "../../src/steps/index.ts";
import { closeDatabase, connect, type Sql } from "../../src/storage/database.ts";
import { insertFlow, insertFlowVersion, setFlowState } from "../../src/storage/flows.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { ensurePartitions } from "../../src/storage/partitions.ts";
import { bumpRoutingRevision, insertWorkspace } from "../../src/storage/workspaces.ts";

const registry = { steps: stepKinds, entries: entryKinds };

export type BenchEngine = {
  workspaceId: string;
  flowId: string;
  clock: { now: Date };
  /** Events, runs and answers that passes have taken so far. */
  items(): number;
  /** Sets the clock, looks at every lane, and resolves with the milliseconds until nothing was left to do. */
  advanceTo(now: Date): Promise<number>;
  close(): Promise<void>;
};

type Options = {
  url: string;
  definition: JsonObject;
  now: Date;
  performer: (tools: { sql: Sql; flows: FlowCache; now: () => Date }) => EffectPerformer;
  /** Called before the engine starts, with the flow published. */
  fill: (ids: { sql: Sql; workspaceId: string; flowId: string }) => Promise<void>;
};

/** The engine of this program in this process, on an empty database, with one published flow and a clock that the bench sets. */
export async function startBenchEngine({ url, definition, now, performer, fill }: Options): Promise<BenchEngine> {
  const sql = connect(url, { max: 16, applicationName: "bench engine", hot: true });
  await migrate(sql);
  await ensurePartitions(sql, now);
  const clock = { now };
  const workspaceId = newId();
  await insertWorkspace(sql, { id: workspaceId, name: "Bench", timeZone: "UTC", now });
  const flowId = await publish(sql, { workspaceId, definition, now });
  await fill({ sql, workspaceId, flowId });
  const flows = createFlowCache(registry);
  let items = 0;
  const engine = new Engine({
    ...{ sql, flows, now: () => clock.now, passes: true, roles: ["engine", "sender"], alone: true },
    performers: [performer({ sql, flows, now: () => clock.now })],
    onPass: (result) => {
      items += result.items;
    },
    log: {
      error: (about, message) => process.stderr.write(`${message} ${String((about as { err?: unknown }).err)}\n`),
    },
  });
  await engine.start();
  await engine.idle();
  return {
    ...{ workspaceId, flowId, clock },
    items: () => items,
    async advanceTo(at) {
      const startedAt = performance.now();
      clock.now = at;
      engine.signal(Array.from({ length: laneCount }, (_, lane) => lane));
      engine.poke();
      await engine.idle();
      return performance.now() - startedAt;
    },
    async close() {
      await engine.stop();
      await closeDatabase(sql);
    },
  };
}

async function publish(
  sql: Sql,
  { workspaceId, definition, now }: { workspaceId: string; definition: JsonObject; now: Date },
): Promise<string> {
  const checked = validateFlow(definition, registry);
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  const id = newId();
  await insertFlow(sql, { id, workspaceId, name: checked.definition.name, draft: definition, now });
  await insertFlowVersion(sql, {
    flowId: id,
    version: 1,
    workspaceId,
    definition: checked.definition,
    publishedAt: now,
    publishedBy: null,
    heardByRuns: [],
    goalEvents: [],
  });
  await setFlowState(sql, { id, status: "active", version: 1, now });
  await bumpRoutingRevision(sql, workspaceId);
  return id;
}
