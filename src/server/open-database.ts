import { closeDatabase, connect, type Sql } from "../storage/database.ts";
import { pingDatabase } from "../storage/server-facts.ts";
import type { Configuration } from "./configuration.ts";
import { findRunningPostgres } from "./embedded-postgres/find-running.ts";
import { startEmbeddedPostgres } from "./embedded-postgres.ts";

/** `hot` is for ingest and engine: its plans go by index. `sql` is for all else. */
export type OpenDatabase = { url: string; sql: Sql; hot: Sql; isEmbedded: boolean; close(): Promise<void> };

type Where = Pick<Configuration, "databaseUrl" | "databasePool" | "dataDir">;

/** Opens the database of DATABASE_URL, or starts the embedded one for this process alone. Throws one sentence when neither works. */
export async function openDatabase(where: Where): Promise<OpenDatabase> {
  if (where.databaseUrl !== null) return connectTo(where.databaseUrl, where);
  const server = await startEmbeddedPostgres({ dataDir: where.dataDir });
  try {
    return await connectTo(server.url, where, server.stop);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The same for a command that does one thing: an embedded server that runs already is used beside its owner and left running. */
export async function openDatabaseBeside(where: Where): Promise<OpenDatabase> {
  const url = where.databaseUrl === null ? await findRunningPostgres(where.dataDir) : undefined;
  return openDatabase({ ...where, databasePool: 4, databaseUrl: where.databaseUrl ?? url ?? null });
}

async function connectTo(url: string, { databasePool: max }: Where, stop?: () => Promise<void>): Promise<OpenDatabase> {
  const sql = connect(url, { max, applicationName: "staffetta" });
  const hot = connect(url, { max: Math.ceil(max / 4), applicationName: "staffetta ingest", hot: true });
  const closePools = async () => {
    await Promise.all([closeDatabase(sql), closeDatabase(hot)]);
  };
  const close = async () => {
    await closePools();
    await stop?.();
  };
  try {
    await pingDatabase(sql);
  } catch (cause) {
    await closePools();
    const { host } = new URL(url);
    const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : String(cause);
    throw new Error(`The database at ${host} cannot be used: ${reason}.`, { cause });
  }
  return { url, sql, hot, isEmbedded: stop !== undefined, close };
}
