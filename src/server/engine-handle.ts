import { Engine } from "../engine/engine.ts";
import type { Platform } from "../operations/platform.ts";
import type { Sql } from "../storage/database.ts";
import type { Configuration } from "./configuration.ts";
import type { Metrics } from "./metrics.ts";
import { createPerformers } from "./performers.ts";

/** What an engine tells those around it. */
export type EngineNews = {
  onRemoteWork: (work: { lanes: number[]; outbox: boolean }) => void;
  onPass: Metrics["onPass"];
};

/** An engine, wherever it runs. `worker` is its id in the database. */
export type EngineHandle = {
  worker: string;
  signal(lanes: Iterable<number>): void;
  poke(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type EngineParts = {
  configuration: Configuration;
  database: { hot: Sql; isEmbedded: boolean };
  platform: Platform;
  logger: { error(about: object, message: string): void };
  news: EngineNews;
  /** The id of the worker; a new one when absent. */
  worker?: string;
};

/** Makes the engine that the roles ask for, in this thread. */
export function createEngine({ configuration, database, platform, logger, news, worker }: EngineParts): EngineHandle {
  const { roles } = configuration;
  return new Engine({
    sql: database.hot,
    flows: platform.flows,
    now: platform.now,
    passes: roles.has("engine"),
    ...(roles.has("sender") ? createPerformers(platform, configuration) : { performers: [] }),
    roles: [...roles],
    alone: database.isEmbedded,
    ...news,
    ...(worker === undefined ? {} : { worker }),
    log: logger,
  });
}
