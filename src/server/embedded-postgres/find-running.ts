import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { roleName } from "./cluster.ts";
import { readPostmaster } from "./postmaster.ts";

/** The address of the embedded server that runs in `dataDir`, whoever started it; undefined when none does. */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const folder = join(resolve(dataDir), "postgres");
  const password = await readFile(join(folder, "password"), "utf8").catch(() => undefined);
  const running = await readPostmaster(join(folder, "cluster"));
  if (password === undefined || !running?.isReady) return undefined;
  return `postgres://${roleName}:${password.trim()}@127.0.0.1:${running.port}/${roleName}`;
}
