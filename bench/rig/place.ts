import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/server/embedded-postgres.ts";
import { closeDatabase, connect, type Sql } from "../../src/storage/database.ts";
import { databaseUrl } from "../../src/testing/database-url.ts";
import { statementReport } from "./statements.ts";

export type Database = { url: string; sql: Sql };

/** A temporary folder with a PostgreSQL in it, durable as in production, and whatever else a job starts. */
export type Place = {
  dir: string;
  /** A new, empty database; it is dropped when the job ends. */
  database(): Promise<Database>;
  /** Has `close` called when the job ends, in reverse order. */
  use<Thing extends { close(): Promise<unknown> }>(thing: Thing): Thing;
  /** Prints the statements that took longest, when the place was opened with them. */
  printStatements(): Promise<void>;
  endJob(): Promise<void>;
  close(): Promise<void>;
};

/** Opens a place. PostgreSQL starts with the first database. `withStatements`: with pg_stat_statements. */
export function openPlace({ withStatements }: { withStatements: boolean }): Place {
  const dir = mkdtempSync(join(tmpdir(), "staffetta-bench-"));
  // The account that PostgreSQL runs as when we are root has to pass through.
  chmodSync(dir, 0o711);
  const open: { close(): Promise<unknown> }[] = [];
  let server: Promise<EmbeddedPostgres> | null = null;
  let count = 0;

  function start(): Promise<EmbeddedPostgres> {
    const settings = withStatements
      ? { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.track_planning": "on" }
      : {};
    server ??= startEmbeddedPostgres({ dataDir: join(dir, "database"), settings });
    return server;
  }

  const place: Place = {
    dir,
    async database() {
      const { url: root } = await start();
      count += 1;
      const name = `bench_${count}`;
      await asAdministrator(root, (sql) => sql`create database ${sql(name)} template template0 encoding 'UTF8'`);
      const url = databaseUrl(root, name);
      const sql = connect(url, { max: 8, applicationName: "bench" });
      place.use({
        async close() {
          await closeDatabase(sql);
          await asAdministrator(root, (admin) => admin`drop database if exists ${admin(name)} with (force)`);
        },
      });
      return { url, sql };
    },
    use(thing) {
      open.push(thing);
      return thing;
    },
    async printStatements() {
      if (withStatements && server) process.stderr.write(await statementReport((await server).url));
    },
    async endJob() {
      for (let thing = open.pop(); thing; thing = open.pop()) await thing.close();
    },
    async close() {
      await place.endJob();
      await (await server)?.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  closeOnSignals(place);
  return place;
}

function closeOnSignals(place: Place): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void place.close().finally(() => process.exit(130)));
}

async function asAdministrator(url: string, act: (sql: Sql) => Promise<unknown>): Promise<void> {
  const sql = connect(url, { max: 1, applicationName: "bench administrator" });
  await act(sql).finally(() => closeDatabase(sql));
}
