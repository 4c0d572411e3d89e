import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureDatabase, type ServerLock, takeServerLock } from "../storage/server-lock.ts";
import { type Account, chooseAccount } from "./embedded-postgres/account.ts";
import { type Binaries, findBinaries } from "./embedded-postgres/binaries.ts";
import {
  type Cluster,
  cleanEnvironment,
  openCluster,
  prepareDataDir,
  roleName,
  spawnIds,
} from "./embedded-postgres/cluster.ts";
import { disownPidFile, readPostmaster, stopPostmaster, untilReady } from "./embedded-postgres/postmaster.ts";
import { postgresSettings } from "./embedded-postgres/settings.ts";

export type EmbeddedPostgres = { url: string; adopted: boolean; stop(): Promise<void> };

type StartOptions = { dataDir: string; port?: number; settings?: Record<string, string> };
type Place = { cluster: Cluster; binaries: Binaries; account: Account; options: StartOptions };
type Running = { pid: number; port: number; adopted: boolean; ended?: Promise<unknown> };

const readyTimeoutMs = 120_000;
const stopTimeoutMs = 60_000;
const attempts = 40;

/**
 * Starts the PostgreSQL of `dataDir`, on 127.0.0.1 only, making it at the first start; ready after about a second. One that
 * outlived a killed process is taken over. Throws one sentence when another process uses the folder or the server cannot start.
 */
export async function startEmbeddedPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const dataDir = await prepareDataDir(options.dataDir);
  const binaries = await findBinaries();
  const account = await chooseAccount([dataDir, binaries.root]);
  const cluster = await openCluster(dataDir, binaries, account);
  const place = { cluster, binaries, account, options: { ...options, dataDir } };
  const { running, lock } = await runAlone(place);
  const url = urlOf(cluster, running.port, roleName);
  await ensureDatabase(urlOf(cluster, running.port, "postgres"), roleName);
  const stop = async () => {
    await lock.release();
    await stopPostmaster(running.pid, stopTimeoutMs);
    await running.ended;
  };
  return { url, adopted: running.adopted, stop };
}

async function runAlone(place: Place): Promise<{ running: Running; lock: ServerLock }> {
  const running = await adoptOrStart(place);
  const lock = await lockFolder(place, running);
  if (!running.adopted || (await isUpToDate(place))) return { running, lock };
  await lock.release();
  await stopPostmaster(running.pid, stopTimeoutMs);
  return runAlone(place);
}

async function lockFolder({ cluster, options }: Place, { port }: Running): Promise<ServerLock> {
  const url = urlOf(cluster, port, "postgres");
  let owner = "";
  // A process killed a moment ago keeps its lock until PostgreSQL sees the closed socket.
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const result = await takeServerLock(url);
    if (result.kind === "held") return result.lock;
    owner = result.owner;
    await delay(100);
  }
  const advice = "stop it, choose another DATA_DIR, or let both share one DATABASE_URL";
  throw new Error(`Another Staffetta (process ${owner}) is using ${options.dataDir}: ${advice}.`);
}

/** An adopted server may be of an older installation, or run with settings of an older version of this program. */
async function isUpToDate({ cluster, binaries, options }: Place): Promise<boolean> {
  const written = await readFile(join(cluster.data, "postmaster.opts"), "utf8").catch(() => "");
  const wanted = [binaries.postgres, ...settingParameters(options)];
  return wanted.every((word) => written.includes(word));
}

async function adoptOrStart(place: Place): Promise<Running> {
  const { data } = place.cluster;
  let failure = "";
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await readPostmaster(data);
    if (found) {
      const isReady = await untilReady(data, found.pid, readyTimeoutMs);
      if (isReady) return { pid: found.pid, port: found.port, adopted: true };
    }
    await disownPidFile(data);
    const outcome = await start(place);
    if (typeof outcome === "object") return outcome;
    failure = outcome;
    if (!isPassing(failure)) break;
    await delay(100);
  }
  throw new Error(`PostgreSQL in ${place.options.dataDir} did not start: ${firstFatal(failure)}`);
}

/** Returns what the server wrote when it ended instead of becoming ready. */
async function start({ cluster, binaries, account, options }: Place): Promise<Running | string> {
  const port = options.port ?? (await freePort());
  const { file, parameters } = account.command(binaries.postgres, [
    "-D",
    cluster.data,
    ...settingParameters({ ...options, settings: { port: String(port), ...options.settings } }),
  ]);
  const logPath = join(cluster.folder, `start-${process.pid}.log`);
  const log = await open(logPath, "w", 0o600);
  const child = spawn(file, parameters, {
    ...spawnIds(account, file, binaries.postgres),
    // Apart from our terminal: Ctrl-C is for us, and the database must outlive our last batch.
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: cleanEnvironment(),
    cwd: "/",
  });
  try {
    await once(child, "spawn");
  } finally {
    await log.close();
  }
  const ended = once(child, "exit");
  child.unref();
  const pid = child.pid ?? 0;
  const isReady = await untilReady(cluster.data, pid, readyTimeoutMs);
  return isReady ? { pid, port, adopted: false, ended } : readFile(logPath, "utf8");
}

function settingParameters({ settings }: StartOptions): string[] {
  const all = { ...postgresSettings, ...settings };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Another start got there first, survivors of a crash are still ending, or the port was taken: a moment later it works. */
function isPassing(failure: string): boolean {
  return /lock file|shared memory block|bind|Address already in use/.test(failure);
}

function firstFatal(failure: string): string {
  return /(?:FATAL|PANIC): {2}(.*)/.exec(failure)?.[1] ?? failure.trim().split("\n")[0] ?? "no reason given";
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address ? address.port : 0;
}

function urlOf({ password }: Cluster, port: number, database: string): string {
  return `postgres://${roleName}:${password}@127.0.0.1:${port}/${database}`;
}
