import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** What `postmaster.pid` says of the server of a data directory. */
export type Postmaster = { pid: number; port: number; isReady: boolean };

const pollMs = 20;

/**
 * Reads which server runs on the data directory; undefined when none does. A file left by a crash whose process number now
 * belongs to another program counts as none.
 */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(pidFile(data), "utf8").catch(() => "")).split("\n");
  const pid = Math.abs(Number(lines[0]));
  if (!pid || !isAlive(pid) || !(await servesFolder(pid, data))) return undefined;
  return { pid, port: Number(lines[3] ?? 0), isReady: lines[7]?.trim() === "ready" };
}

/**
 * Keeps a left-over `postmaster.pid` from stopping the start because its process number was given to another program. The
 * file stays, as PostgreSQL finds in it the shared memory of survivors; a number that is its own parent's it takes as stale.
 */
export async function disownPidFile(data: string): Promise<void> {
  const text = await readFile(pidFile(data), "utf8").catch(() => "");
  const pid = Math.abs(Number(text.split("\n")[0]));
  if (!pid || !exists(pid) || (isAlive(pid) && (await servesFolder(pid, data)))) return;
  await writeFile(pidFile(data), text.replace(/^-?\d+/, String(process.pid)));
}

/** Waits until the server of `pid` answers queries; false when it ended instead. Throws after `timeoutMs`. */
export async function untilReady(data: string, pid: number, timeoutMs: number): Promise<boolean> {
  const endAt = performance.now() + timeoutMs;
  while (performance.now() < endAt) {
    if (!isAlive(pid)) return false;
    const postmaster = await readPostmaster(data);
    if (postmaster?.pid === pid && postmaster.isReady) return true;
    await delay(pollMs);
  }
  throw new Error(`PostgreSQL in ${data} did not become ready within ${timeoutMs / 1000} seconds.`);
}

/** Stops the server: open transactions are rolled back and all is flushed. After `timeoutMs` it is cut short, which is safe too. */
export async function stopPostmaster(pid: number, timeoutMs: number): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    const endAt = performance.now() + timeoutMs;
    while (isAlive(pid) && performance.now() < endAt) await delay(pollMs);
    if (!isAlive(pid)) return;
  }
}

/** Whether a process of that number runs, whoever owns it. One that ended and that nobody has collected yet does not. */
export function isAlive(pid: number): boolean {
  return exists(pid) && !isZombie(pid);
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

// In a container whose first process collects no children, an orphan stays a zombie for ever.
function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    return /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function pidFile(data: string): string {
  return join(data, "postmaster.pid");
}

async function servesFolder(pid: number, data: string): Promise<boolean> {
  if (process.platform !== "linux") return true;
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
  return words.includes(data);
}
