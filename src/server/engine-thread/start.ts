import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { newId } from "../../operations/new-id.ts";
import type { Configuration } from "../configuration.ts";
import type { EngineHandle, EngineNews } from "../engine-handle.ts";
import type { FromThread, ThreadStart, ToThread } from "./messages.ts";

export type ThreadOptions = {
  configuration: Configuration;
  database: { url: string; isEmbedded: boolean };
  logger: Logger;
  news: EngineNews;
};

/**
 * Runs the engine in a thread of its own, with its own connections. It talks to the rest by signals only; everything it knows is in the
 * database, so a thread that dies takes the process with it and loses nothing.
 */
export function startEngineThread({ configuration, database, logger, news }: ThreadOptions): EngineHandle {
  const worker = newId();
  const { url, isEmbedded } = database;
  const thread = new Worker(new URL("./main.js", import.meta.url), {
    workerData: { configuration, url, isEmbedded, worker } satisfies ThreadStart,
  });
  const tell = (message: ToThread) => thread.postMessage(message);
  thread.on("message", (message: FromThread) => hear(message, news));
  thread.on("error", (error) => {
    logger.fatal({ err: error }, "The engine died; the process ends. What was acknowledged is on disk.");
    process.exit(1);
  });
  return {
    worker,
    signal: (lanes) => tell({ kind: "signal", lanes: [...lanes] }),
    poke: () => tell({ kind: "poke" }),
    async start() {
      tell({ kind: "start" });
      await answerOf(thread, "started");
    },
    async stop() {
      tell({ kind: "stop" });
      await answerOf(thread, "stopped");
      await thread.terminate();
    },
  };
}

function hear(message: FromThread, news: EngineNews): void {
  if (message.kind === "pass") news.onPass(message.pass, message.ms);
  if (message.kind === "remote") news.onRemoteWork({ lanes: message.lanes, outbox: message.outbox });
}

async function answerOf(thread: Worker, kind: "started" | "stopped"): Promise<void> {
  for (;;) {
    const [message] = (await once(thread, "message")) as [FromThread];
    if (message.kind === kind) return;
    if (message.kind === "failed") throw new Error(message.message);
  }
}
