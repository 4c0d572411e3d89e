import { parentPort, workerData } from "node:worker_threads";
import { pino } from "pino";
import { closeDatabase, connect } from "../../storage/database.ts";
import { createEngine } from "../engine-handle.ts";
import { createLogger } from "../http/logger.ts";
import { createPlatform } from "../platform.ts";
import type { FromThread, ThreadStart, ToThread } from "./messages.ts";

const { configuration, url, isEmbedded, worker } = workerData as ThreadStart;
const tell = (message: FromThread) => parentPort?.postMessage(message);
const connections = {
  max: Math.max(4, Math.ceil(configuration.databasePool / 2)),
  applicationName: "staffetta engine",
};
const hot = connect(url, { ...connections, hot: true });
const logger = createLogger({ level: configuration.logLevel, destination: pino.destination({ fd: 2, sync: true }) });
const platform = await createPlatform({ sql: hot, hot }, configuration, {
  signal: () => undefined,
  wake: () => undefined,
});
const engine = createEngine({
  ...{ configuration, platform, logger, worker },
  database: { hot, isEmbedded },
  news: {
    onRemoteWork: (work) => tell({ kind: "remote", ...work }),
    onPass: ({ items, effects, unleased }, ms) =>
      tell({ kind: "pass", pass: { items, effects: effects.map(({ kind }) => ({ kind })), unleased }, ms }),
  },
});

parentPort?.on("message", (message: ToThread) => {
  if (message.kind === "signal") engine.signal(message.lanes);
  else if (message.kind === "poke") engine.poke();
  else if (message.kind === "start") answer(engine.start(), { kind: "started" });
  else answer(stop(), { kind: "stopped" });
});

async function stop(): Promise<void> {
  await engine.stop();
  await closeDatabase(hot);
}

function answer(work: Promise<void>, message: FromThread): void {
  work.then(
    () => tell(message),
    (error: unknown) => tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
}
