import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "../../http/logger.ts";
import { startServer } from "../../start.ts";
import { requireConfiguration } from "../command.ts";

export type OwnServer = { url: string; key: string; stop(): Promise<void> };

/** Starts a whole server on a free port, with a database of its own in a temporary folder that goes away with it. */
export async function startOwnServer(): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), "staffetta-demo-"));
  // The account that PostgreSQL runs as, when root starts it, has to pass.
  await chmod(folder, 0o711);
  const key = `stk_${randomBytes(32).toString("base64url")}`;
  const configuration = requireConfiguration({
    PORT: "0",
    DATA_DIR: join(folder, "data"),
    STAFFETTA_API_KEY: key,
    ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
  });
  try {
    const server = await startServer(configuration, createLogger({ level: "error" }));
    const stop = async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    };
    stopOnSignal(stop);
    return { url: server.url, key, stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Ctrl-C must not leave the database running and the folder behind. */
function stopOnSignal(stop: () => Promise<void>): void {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => void stop().finally(() => process.exit(code)));
  }
}
