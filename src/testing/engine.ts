import { createSandboxTransport } from "../channels/email/sandbox.ts";
import type { Registry } from "../core/flow/compile.ts";
import { compileFlow, heardNames } from "../core/flow/compile.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { JsonObject } from "../core/json.ts";
import type { EmailTransport } from "../core/message/transport.ts";
import { Engine, type EngineTuning } from "../engine/engine.ts";
import { createEmailEffects } from "../engine/perform/email-effects.ts";
import { createHttpPerformer } from "../engine/perform/http/http.ts";
import { createHttpEffects } from "../engine/perform/http-effects.ts";
import type { EffectPerformer } from "../engine/perform/performer.ts";
import { createFlowCache, type FlowCache } from "../operations/flow-cache.ts";
import type { IncomingEvent } from "../operations/incoming-event.ts";
import { keepSchedules } from "../operations/keep-schedules.ts";
import { newId } from "../operations/new-id.ts";
import { createEventRecorder, type EventRecorder } from "../operations/record-events.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import type { Sql } from "../storage/database.ts";
import { insertFlow, insertFlowVersion, setFlowState } from "../storage/flows.ts";
import type { OutboxRow } from "../storage/outbox.ts";
import { bumpRoutingRevision, insertWorkspace } from "../storage/workspaces.ts";

export const registry = { steps: stepKinds, entries: entryKinds };

export type TestEngine = {
  workspaceId: string;
  engine: Engine;
  flows: FlowCache;
  recorder: EventRecorder;
  clock: { now: Date };
  errors: unknown[];
  publish(definition: JsonObject): Promise<string>;
  /** Publishes version 2 of a flow. */
  publishNext(flowId: string, definition: JsonObject): Promise<void>;
  record(...events: (Partial<IncomingEvent> & { name: string })[]): Promise<void>;
  /** Sets the clock forward, looks at every lane and waits until nothing is left to do. */
  advanceTo(now: Date): Promise<void>;
  settle(): Promise<void>;
  stop(): Promise<void>;
};

/** `turn` is awaited before each effect is performed. `beside` is an engine that this one shares workspace and clock with, as a second process would. Without it a workspace is made, or `workspaceId` taken. */
export type TestEngineOptions = {
  sql: Sql;
  transport?: EmailTransport;
  tuning?: Partial<EngineTuning>;
  workspaceId?: string;
  beside?: TestEngine;
  kinds?: Registry;
  http?: EffectPerformer;
  turn?: (effect: OutboxRow) => Promise<void>;
};

/** The whole engine on a real database, with a clock that the test sets and the sandbox as the way out. */
export async function createTestEngine({
  sql,
  transport,
  tuning,
  beside,
  workspaceId: given = beside?.workspaceId,
  kinds = registry,
  http: httpEffects,
  turn,
}: TestEngineOptions): Promise<TestEngine> {
  const workspaceId = given ?? newId();
  const clock = beside?.clock ?? { now: new Date("2026-03-01T10:00:00Z") };
  const now = () => clock.now;
  if (!given) await insertWorkspace(sql, { id: workspaceId, name: "Test", timeZone: "UTC", now: clock.now });
  const flows = createFlowCache(kinds);
  const errors: unknown[] = [];
  const performers = createTestPerformers({ sql, flows, now, transport, http: httpEffects, turn });
  const engine = new Engine({
    sql,
    flows,
    now,
    passes: true,
    performers,
    roles: ["engine"],
    alone: !given,
    log: { error: (about) => errors.push(about) },
    ...(tuning ? { tuning } : {}),
  });
  const recorder = createEventRecorder({ sql, flows, now, onWork: (lanes) => engine.signal(lanes) });
  await engine.start();
  const settle = async () => {
    await recorder.idle();
    await engine.idle();
  };
  return {
    ...{ workspaceId, engine, flows, recorder, clock, errors, settle },
    publish: (definition) => publish(sql, { workspaceId, definition, kinds, now: clock.now }),
    publishNext: (flowId, definition) =>
      publishVersion(sql, { workspaceId, flowId, version: 2, definition, kinds, now: clock.now }),
    async record(...events) {
      const full = events.map((event) => ({
        identity: { email: "ada@example.com" },
        payload: {},
        occurredAt: null,
        source: "test",
        client: null,
        target: null,
        ...event,
      }));
      await recorder.add({ workspaceId, events: full });
    },
    async advanceTo(at) {
      clock.now = at;
      engine.signal(Array.from({ length: 64 }, (_, lane) => lane));
      engine.poke();
      await settle();
    },
    stop: () => engine.stop(),
  };
}

function inTurn(performer: EffectPerformer, turn: (effect: OutboxRow) => Promise<void>): EffectPerformer {
  return {
    ...performer,
    async perform(effect) {
      await turn(effect);
      return performer.perform(effect);
    },
  };
}

type TestPerformers = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  transport: EmailTransport | undefined;
  http: EffectPerformer | undefined;
  turn: TestEngineOptions["turn"];
};

function createTestPerformers({ sql, flows, now, transport, http, turn }: TestPerformers): EffectPerformer[] {
  const way = transport
    ? { name: "smtp", transport, sandbox: false }
    : { name: "sandbox", transport: createSandboxTransport(async () => undefined), sandbox: true };
  const client = createHttpPerformer({ allow: ["127.0.0.0/8", "::1/128"], version: "test" });
  const shared = { flows, now, random: () => 0.5 };
  const defaultFrom = "Test <test@example.com>";
  const made = [
    http ?? createHttpEffects({ ...shared, http: client, secretsOf: async () => ({}) }),
    createEmailEffects({ ...shared, sql, transports: [way], defaultFrom, concurrency: 20 }),
  ];
  return turn ? made.map((performer) => inTurn(performer, turn)) : made;
}

type Publishing = { workspaceId: string; definition: JsonObject; kinds: Registry; now: Date };

async function publish(sql: Sql, publishing: Publishing): Promise<string> {
  const { workspaceId, definition, now } = publishing;
  const flowId = newId();
  await insertFlow(sql, { id: flowId, workspaceId, name: "Test", draft: definition, now });
  await publishVersion(sql, { ...publishing, flowId, version: 1 });
  return flowId;
}

async function publishVersion(
  sql: Sql,
  { workspaceId, flowId, version, definition, kinds, now }: Publishing & { flowId: string; version: number },
): Promise<void> {
  const checked = validateFlow(definition, kinds);
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  const published = { definition: checked.definition, publishedAt: now, publishedBy: null };
  const flow = compileFlow({ id: flowId, workspaceId, version, status: "active" }, checked.definition, kinds);
  await insertFlowVersion(sql, { flowId, version, workspaceId, ...heardNames(flow), ...published });
  await setFlowState(sql, { id: flowId, status: "active", version, now });
  await sql.begin((held) =>
    keepSchedules(held, { id: flowId, workspaceId, status: "active", version }, { registry: kinds, now }),
  );
  await bumpRoutingRevision(sql, workspaceId);
}
