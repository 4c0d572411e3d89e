// Makes a fresh clone ready: installs and builds, each only when stale. Needs nothing but Node.js and npm.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { buildProgram } from "./build.mjs";
import { mendPostgres } from "./mend-postgres.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));

const installStamp = join(root, "node_modules", ".staffetta-install");
const buildStamp = join(root, "dist", ".stamp");

/** Installs when node_modules is missing or was made from another package-lock.json. Throws one sentence when npm fails. */
export async function ensureInstalled() {
  refuseOldNode();
  if (!isInstalled()) {
    await alone(async () => {
      if (!isInstalled()) install();
    });
  }
  mendPostgres(root);
}

/** Installs and builds when stale. */
export async function ensureBuilt() {
  await ensureInstalled();
  if (isBuilt()) return;
  await alone(async () => {
    if (!isBuilt()) build();
  });
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Error(`Staffetta needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
}

function isInstalled() {
  if (read(installStamp) === installKey()) return true;
  const record = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  const madeByHand = !existsSync(installStamp) && existsSync(join(root, "node_modules", "typescript", "package.json"));
  if (!madeByHand || !existsSync(record) || statSync(record).mtimeMs < statSync(lock).mtimeMs) return false;
  writeFileSync(installStamp, installKey());
  return true;
}

function installKey() {
  const lock = readFileSync(join(root, "package-lock.json"));
  return `${createHash("sha256").update(lock).digest("hex")} ${process.platform}-${process.arch}`;
}

function install() {
  say("Installing packages (only when package-lock.json changed) ...");
  // NODE_ENV=production would leave out the compiler that the build needs.
  const parameters = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  const [file, words] = npm?.endsWith(".js") ? [process.execPath, [npm, ...parameters]] : ["npm", parameters];
  const { status, error } = spawnSync(file, words, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error(`npm ci failed${error ? `: ${error.message}` : ""}; see its output above.`);
  writeFileSync(installStamp, installKey());
}

function isBuilt() {
  return read(buildStamp) === buildKey();
}

function build() {
  say("Building ...");
  rmSync(buildStamp, { force: true });
  const key = buildKey();
  buildProgram(root);
  // In one move, so that a stamp cut short never counts.
  writeFileSync(`${buildStamp}.new`, key);
  renameSync(`${buildStamp}.new`, buildStamp);
}

function buildKey() {
  const hash = createHash("sha256").update(installKey());
  for (const name of ["tsconfig.json", "tsconfig.build.json", "package.json"])
    hash.update(readFileSync(join(root, name)));
  for (const folder of ["src", "bench"]) {
    for (const path of listFiles(folder)) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}

function listFiles(folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"));
  return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length)).sort();
}

/** Two starts at once: one works, the other waits and then finds it done. */
async function alone(work) {
  const lock = join(root, ".tmp", "prepare.lock");
  mkdirSync(join(root, ".tmp"), { recursive: true });
  while (!takeLock(lock)) await delay(100);
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  const holder = Number(read(lock));
  // A killed start leaves its lock. Empty: its holder is between making and writing it, unless that was long ago.
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (holder ? !isAlive(holder) : age > 5_000) rmSync(lock, { force: true });
  return false;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function read(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
