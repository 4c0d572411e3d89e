import type { Logger } from "pino";
import { newId } from "../operations/new-id.ts";
import type { Platform } from "../operations/platform.ts";
import type { Configuration } from "./configuration.ts";
import { createEngine, type EngineHandle, type EngineNews } from "./engine-handle.ts";
import { startEngineThread } from "./engine-thread/start.ts";
import type { Metrics } from "./metrics.ts";
import { type Notices, openNotices, type RemoteWork } from "./notices.ts";
import type { OpenDatabase } from "./open-database.ts";
import { type Peers, watchPeers } from "./peers.ts";

export type ProcessingOptions = {
  configuration: Configuration;
  logger: Logger;
  database: OpenDatabase;
  platform: Platform;
  metrics: Pick<Metrics, "onPass">;
};

/** The part of a process that has work done: by itself, by others on the same database, or both. */
export type Processing = {
  /** Lanes have new work, and it is committed. */
  signal(lanes: Iterable<number>): void;
  /** There is work beside the lanes, and it is committed. */
  wake(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Makes what the roles ask for. A process without the engine tells those that have one; one that does all tells others only while there
 * are some, so that they help. On the embedded database nobody else is there.
 */
export async function createProcessing(options: ProcessingOptions): Promise<Processing> {
  const { configuration, database, logger } = options;
  const report = (error: unknown) =>
    logger.error({ err: error }, "The other processes were not told of work; their sweep finds it.");
  const links: { notices: Notices | null; peers: Peers | null } = { notices: null, peers: null };
  const passes = configuration.roles.has("engine");
  const engine =
    passes || configuration.roles.has("sender") ? makeEngine(options, (work) => links.notices?.send(work)) : null;
  const tell = (work: RemoteWork) => {
    if (!passes || links.peers?.isThere()) links.notices?.send(work);
  };
  return {
    signal(lanes) {
      if (passes) engine?.signal(lanes);
      tell({ lanes, outbox: false });
    },
    wake() {
      if (passes) engine?.poke();
      tell({ lanes: [], outbox: true });
    },
    async start() {
      if (!database.isEmbedded) {
        const sender = engine?.worker ?? newId();
        links.notices = await openNotices({
          sql: database.sql,
          sender,
          onWork: engine && hear(engine, passes),
          onError: report,
        });
        links.peers = await watchPeers(database.sql, engine ? 1 : 0, report);
      }
      await engine?.start();
    },
    async stop() {
      links.peers?.stop();
      await engine?.stop();
      await links.notices?.close();
    },
  };
}

function hear(engine: EngineHandle, passes: boolean) {
  return ({ lanes, outbox }: { lanes: number[]; outbox: boolean }) => {
    // Without passes, `signal` would send the news back to where it came from.
    if (passes && lanes.length > 0) engine.signal(lanes);
    if (outbox) engine.poke();
  };
}

/**
 * The engine gets a thread of its own, so that passes and mails do not hold up requests, nor requests them. Run from the sources, where
 * threads cannot start, it shares the thread of the rest.
 */
function makeEngine(
  { configuration, database, logger, platform, metrics }: ProcessingOptions,
  onRemoteWork: EngineNews["onRemoteWork"],
): EngineHandle {
  const news = { onRemoteWork, onPass: metrics.onPass };
  if (import.meta.url.endsWith(".js")) return startEngineThread({ configuration, database, logger, news });
  return createEngine({ configuration, database, platform, logger, news });
}
