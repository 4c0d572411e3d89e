import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { Registry } from "prom-client";
import { makeApiKey } from "../operations/api-keys.ts";
import { authenticate } from "../operations/authenticate.ts";
import { ensureWorkspace } from "../operations/ensure-workspace.ts";
import { createFlowCache } from "../operations/flow-cache.ts";
import { type Platform, type Scope, scopes } from "../operations/platform.ts";
import { createEventRecorder } from "../operations/record-events.ts";
import { createHttpServer, type HttpServerOptions } from "../server/http/create-http-server.ts";
import { createSecretBox } from "../server/secret-box.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import type { Sql } from "../storage/database.ts";

export type TestHttpServer = {
  app: FastifyInstance;
  platform: Platform;
  workspaceId: string;
  /** Authorization header of a key with all scopes. */
  auth: { authorization: string };
  /** The log so far, line by line. */
  log: string[];
  keyWith(scopes: readonly Scope[]): Promise<{ authorization: string }>;
};

type Overrides = {
  settings?: HttpServerOptions["settings"];
  dependencies?: Partial<HttpServerOptions["dependencies"]>;
  now?: () => Date;
};

/** The whole HTTP side over a database, in this process and without a socket, with a workspace and a key of its own. */
export async function createTestHttpServer(
  sql: Sql,
  { settings = {}, dependencies = {}, now = () => new Date() }: Overrides = {},
): Promise<TestHttpServer> {
  const platform = makePlatform(sql, now);
  const workspaceId = await ensureWorkspace(sql, now());
  const log: string[] = [];
  const app = await createHttpServer({
    platform,
    settings,
    dependencies: {
      logger: pino({ level: "info" }, { write: (line: string) => log.push(line) }),
      registry: new Registry(),
      version: "0.0.0-test",
      authenticate: (key) => authenticate(platform, key),
      checkReadiness: async () => null,
      testHttpAction: async (_caller, test) => ({ sample: JSON.stringify(test.sample) }),
      ...dependencies,
    },
  });
  const keyWith = async (some: readonly Scope[]) => {
    const { key } = await makeApiKey(sql, { workspaceId, name: "test", scopes: some, now: now() });
    return { authorization: `Bearer ${key}` };
  };
  return { app, platform, workspaceId, auth: await keyWith(scopes), log, keyWith };
}

function makePlatform(sql: Sql, now: () => Date): Platform {
  const registry = { steps: stepKinds, entries: entryKinds };
  const flows = createFlowCache(registry);
  const recorder = createEventRecorder({ sql, flows, now, onWork: () => undefined });
  return {
    sql,
    flows,
    recorder,
    registry,
    secretBox: createSecretBox(new Uint8Array(32)),
    now,
    signal: () => undefined,
    wake: () => undefined,
  };
}
