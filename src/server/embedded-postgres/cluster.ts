import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { isAlive } from "./postmaster.ts";

const run = promisify(execFile);

/** A made cluster on disk: its folder, its data directory, the password of its only role. */
export type Cluster = { folder: string; data: string; password: string };

/** The role and owner of everything in the embedded server. */
export const roleName = "staffetta";

/** Makes `dataDir` when missing and returns its real path. A folder made by root lets others pass, not look inside. */
export async function prepareDataDir(dataDir: string): Promise<string> {
  const first = await mkdir(resolve(dataDir), { recursive: true });
  const real = await realpath(dataDir);
  if (first === undefined) return real;
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  for (let folder = real; folder.length >= (await realpath(first)).length; folder = dirname(folder))
    await chmod(folder, mode);
  return real;
}

/**
 * Opens the cluster under `dataDir`, or makes it. It is made aside and renamed when whole, so a crash on the way leaves nothing
 * that would later be taken for a database.
 */
export async function openCluster(dataDir: string, binaries: Binaries, account: Account): Promise<Cluster> {
  const folder = join(dataDir, "postgres");
  const password = await readPassword(folder);
  if (password !== undefined) return { folder, data: join(folder, "cluster"), password };
  await removeAbandoned(dataDir);
  const draft = await mkdtemp(join(dataDir, `postgres.making-${process.pid}-`));
  try {
    await makeCluster(draft, binaries, account);
    await rename(draft, folder);
    await syncFolder(dataDir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process that started at the same moment was faster: its cluster is as good.
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  return openCluster(dataDir, binaries, account);
}

async function readPassword(folder: string): Promise<string | undefined> {
  try {
    return (await readFile(join(folder, "password"), "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function makeCluster(draft: string, binaries: Binaries, account: Account): Promise<void> {
  const passwordFile = join(draft, "password");
  await writeFile(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flush: true });
  if (account.ids) {
    await Promise.all([draft, passwordFile].map((path) => chown(path, account.ids?.uid ?? 0, account.ids?.gid ?? 0)));
  }
  // The built-in provider sorts the same on every machine, and needs no locale of the system.
  const { file, parameters } = account.command(binaries.initdb, [
    `--pgdata=${join(draft, "cluster")}`,
    `--username=${roleName}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ]);
  try {
    await run(file, parameters, { ...spawnIds(account, file, binaries.initdb), env: cleanEnvironment(), cwd: "/" });
  } catch (cause) {
    const { stderr } = cause as { stderr?: string };
    throw new Error(`PostgreSQL could not make its folder in ${dirname(draft)}: ${stderr?.trim() ?? String(cause)}`, {
      cause,
    });
  }
}

/** The ids to spawn with: none when the command itself changes the identity. */
export function spawnIds(account: Account, file: string, program: string): { uid?: number; gid?: number } {
  return file === program && account.ids ? account.ids : {};
}

/** Our environment without the variables that PostgreSQL would obey, and with its messages in English. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("PG") && !name.startsWith("LC_"));
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}

async function removeAbandoned(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = /^postgres\.making-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}
