import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

export type ServerOptions = {
  dataDir: string;
  port?: number;
  databaseUrl?: string;
  smtpPort?: number;
  /** Folder for a CPU profile, written when the server stops. */
  profileDir?: string | null;
  environment?: Record<string, string>;
  /** Whether what it logs as an error is shown here; true unless given. */
  showErrors?: boolean;
};

export type Server = {
  url: string;
  port: number;
  pid: number;
  /** What it wrote so far, the last 20,000 characters. */
  output(): string;
  /** Asks it to stop, and waits until it has. Returns its exit code. */
  close(): Promise<number | null>;
  /** Resolves when the process is gone, whatever way. */
  ended: Promise<unknown>;
};

/** The bootstrap key of every server that is started here. */
export const apiKey = "stk_bench_bench_bench_bench_bench_bench_bench_0";
const readyTimeoutMs = 60_000;
const errorLine = /"level":(50|60|"error"|"fatal")/;
const root = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Starts the real server as a process of its own, and waits until it says that it is ready. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const port = options.port ?? (await freePort());
  const flags = options.profileDir ? ["--cpu-prof", `--cpu-prof-dir=${options.profileDir}`] : [];
  const child = spawn(process.execPath, [...flags, join(root, "bin", "staffetta.mjs"), "start"], {
    cwd: root,
    env: environmentOf(options, port),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = handleOf(child, port, options.showErrors ?? true);
  await untilReady(server, child);
  return server;
}

function environmentOf(
  { dataDir, databaseUrl, smtpPort, environment }: ServerOptions,
  port: number,
): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOST: "127.0.0.1",
    PORT: String(port),
    DATA_DIR: dataDir,
    STAFFETTA_API_KEY: apiKey,
    ALLOW_PRIVATE_NETWORKS: "127.0.0.0/8",
    RATE_LIMIT_PER_SECOND: "1000000",
    EMAIL_FROM: "Bench <bench@sender.example>",
    LOG_LEVEL: "warn",
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    ...(smtpPort === undefined ? {} : { SMTP_URL: `smtp://127.0.0.1:${smtpPort}` }),
    ...environment,
  };
}

function handleOf(child: ChildProcess, port: number, showErrors: boolean): Server {
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      output = `${output}${chunk}`.slice(-20_000);
      if (showErrors && errorLine.test(String(chunk))) process.stderr.write(chunk);
    });
  const ended = once(child, "exit");
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    output: () => output,
    ended,
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGTERM");
        await ended;
      }
      return child.exitCode;
    },
  };
}

async function untilReady(server: Server, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`The server ended at its start:\n${server.output()}`);
    if (await isReady(server.url)) return;
    await delay(20);
  }
  child.kill("SIGKILL");
  throw new Error(`The server did not become ready:\n${server.output()}`);
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    // Nobody listens yet.
    return false;
  }
}

function findRoot(folder: string): string {
  return existsSync(join(folder, "package.json")) ? folder : findRoot(dirname(folder));
}
