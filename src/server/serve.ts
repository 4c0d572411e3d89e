import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import { createHttpPerformer } from "../engine/perform/http/http.ts";
import { authenticate } from "../operations/authenticate.ts";
import type { Platform } from "../operations/platform.ts";
import { findPending } from "../storage/migrate.ts";
import { pingDatabase } from "../storage/server-facts.ts";
import type { Closing } from "./closing.ts";
import type { Configuration } from "./configuration.ts";
import { createHttpServer } from "./http/create-http-server.ts";
import { serveHealth } from "./http/health.ts";
import { serveMetrics } from "./http/metrics.ts";
import type { Metrics } from "./metrics.ts";
import { testHttpAction } from "./test-http-action.ts";
import { version } from "./version.ts";

export type ServeOptions = {
  configuration: Configuration;
  logger: Logger;
  platform: Platform;
  metrics: Metrics;
  closing: Closing;
};

/** Opens the port: the whole HTTP side with the role `api`, otherwise health and metrics only. Returns the address it listens at. */
export async function serve(options: ServeOptions): Promise<string> {
  const { configuration, closing } = options;
  const app = configuration.roles.has("api") ? await createApi(options) : createProbe(options);
  closing.add("http", 1500, () => app.close());
  const { host, port } = configuration;
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, configuration);
  }
  return urlOf(app.server.address() as AddressInfo);
}

async function createApi({
  configuration,
  logger,
  platform,
  metrics,
  closing,
}: ServeOptions): Promise<FastifyInstance> {
  const http = createHttpPerformer({ allow: configuration.allowPrivateNetworks, version });
  closing.add("test calls", 500, () => http.close());
  const { publicUrl, bodyLimitBytes, rateLimitPerSecond, failedKeysPerMinute, trustProxy } = configuration;
  return createHttpServer({
    platform,
    settings: { publicUrl, bodyLimitBytes, rateLimitPerSecond, failedKeysPerMinute, trustProxy },
    dependencies: {
      logger,
      registry: metrics.registry,
      version,
      authenticate: (key) => authenticate(platform, key),
      checkReadiness: () => checkReadiness(platform),
      testHttpAction: (caller, test) => testHttpAction({ platform, http }, caller, test),
    },
  });
}

/** For processes that only work: what a supervisor and a monitor ask. */
function createProbe({ logger, platform, metrics }: ServeOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: "idle",
  });
  serveMetrics(app as unknown as FastifyInstance, metrics.registry);
  serveHealth(app as unknown as FastifyInstance, () => checkReadiness(platform));
  return app as unknown as FastifyInstance;
}

async function checkReadiness({ sql }: Platform): Promise<string | null> {
  await pingDatabase(sql);
  const pending = await findPending(sql);
  return pending.length === 0 ? null : `The database lacks the migrations ${pending.join(", ")}.`;
}

function explained(error: NodeJS.ErrnoException, { host, port }: Configuration): Error {
  if (error.code === "EADDRINUSE")
    return new Error(`Port ${port} of ${host} is taken by another program: stop it, or set PORT to another one.`, {
      cause: error,
    });
  if (error.code === "EACCES")
    return new Error(`Port ${port} may not be opened by this user: set PORT to 1024 or more.`, { cause: error });
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND")
    return new Error(`HOST is ${host}, which is no address of this machine.`, { cause: error });
  return error;
}

function urlOf({ address, family, port }: AddressInfo): string {
  const isAny = address === "0.0.0.0" || address === "::";
  const host = isAny ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
