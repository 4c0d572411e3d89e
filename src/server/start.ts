import type { Logger } from "pino";
import { ensureWorkspace } from "../operations/ensure-workspace.ts";
import type { Platform } from "../operations/platform.ts";
import { migrate } from "../storage/migrate.ts";
import { ensurePartitions } from "../storage/partitions.ts";
import { type Closing, createClosing } from "./closing.ts";
import type { Configuration } from "./configuration.ts";
import { ensureSampleFlow } from "./ensure-sample-flow.ts";
import { ensureFirstKey, type FirstKey } from "./first-key.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";
import { housekeeping, startJobs } from "./periodic.ts";
import { createPlatform } from "./platform.ts";
import { createProcessing, type Processing } from "./processing.ts";
import { serve } from "./serve.ts";

export type StartedServer = {
  /** Where it listens, such as `http://127.0.0.1:3000`. */
  url: string;
  firstKey: FirstKey | null;
  /** The token of the incoming call that starts the sample flow; null when there is none. */
  sampleToken: string | null;
  /** Takes no more requests, finishes what is in hand, and closes everything, within ten seconds. */
  stop(): Promise<void>;
};

type Started = {
  configuration: Configuration;
  logger: Logger;
  database: OpenDatabase;
  closing: Closing;
  metrics: Metrics;
};

/**
 * Starts everything that the roles ask for. Throws one sentence, with nothing left running, when something is in the way. `opening` is the
 * database when somebody has begun to open it already.
 */
export async function startServer(
  configuration: Configuration,
  logger: Logger,
  opening: Promise<OpenDatabase> = openDatabase(configuration),
): Promise<StartedServer> {
  const closing = createClosing({ report: (problem) => reportUnclosed(logger, problem), totalMs: 9500 });
  try {
    const database = await opening;
    // PostgreSQL may need seconds for its last checkpoint, and one that is left undone costs the next start as much.
    closing.add("database", Number.POSITIVE_INFINITY, database.close);
    return await startWith({ configuration, logger, database, closing, metrics: createMetrics() });
  } catch (error) {
    await closing.closeAll();
    throw error;
  }
}

function reportUnclosed(logger: Logger, { name, error }: { name: string; error?: unknown }): void {
  if (error === undefined) logger.warn({ part: name }, "Something did not end in time; what it held frees itself.");
  else logger.error({ part: name, err: error }, "Something did not close.");
}

async function startWith(started: Started): Promise<StartedServer> {
  const { configuration, logger, database, closing, metrics } = started;
  const { sql } = database;
  await migrate(sql);
  await ensurePartitions(sql, new Date());
  const processing: { current: Processing | null } = { current: null };
  const platform = await createPlatform(database, configuration, {
    signal: (lanes) => processing.current?.signal(lanes),
    wake: () => processing.current?.wake(),
  });
  processing.current = await createProcessing({ configuration, logger, database, platform, metrics });
  closing.add("processing", 3000, processing.current.stop);
  closing.add("events", 1000, () => platform.recorder.idle());
  metrics.watchEvents(() => platform.recorder.depth());
  const first = await prepareWorkspace(platform, configuration);
  await processing.current.start();
  const report = (error: unknown, job: string) =>
    logger.error({ err: error, job }, "A periodic job failed; it comes again.");
  closing.add("jobs", 500, startJobs(housekeeping(sql, platform.now), report));
  const url = await serve({ configuration, logger, platform, metrics, closing });
  return { url, ...first, stop: () => closing.closeAll() };
}

async function prepareWorkspace(platform: Platform, configuration: Configuration) {
  const now = platform.now();
  const workspaceId = await ensureWorkspace(platform.sql, now);
  const firstKey = await ensureFirstKey(platform.sql, configuration, { workspaceId, now });
  return { firstKey, sampleToken: await ensureSampleFlow(platform, workspaceId) };
}
