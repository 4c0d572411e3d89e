import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/server/embedded-postgres.ts";
import { closeDatabase, connect, type Sql } from "../../src/storage/database.ts";
import { freePort } from "../rig/free-port.ts";
import { processTree } from "../rig/memory.ts";
import { type Server, startServer } from "../rig/server.ts";

/** Where servers run and die: on an embedded database of their own, or two of them on one database. */
export type Site = {
  name: string;
  ports: readonly number[];
  start(): Promise<void>;
  /** Kills one server and, where it has its own database and `withDatabase` says so, every process of that too. Starts it again. */
  killAndRestart(index: number, withDatabase: boolean): Promise<void>;
  /** A connection to the database, for looking at what is there; open while the site is. */
  sql(): Sql;
  stop(): Promise<void>;
  output(): string;
};

/** One server with its embedded PostgreSQL in `dir`. */
export async function openEmbeddedSite(dir: string, smtpPort: number): Promise<Site> {
  const ports = [await freePort()];
  const dataDir = join(dir, "alone");
  return createSite({
    name: "embedded",
    ports,
    start: (port) => startServer({ dataDir, port, smtpPort, showErrors: false }),
    databaseUrl: () => embeddedUrl(dataDir),
    close: async () => undefined,
  });
}

/** Two servers on one database that the test owns. */
export async function openSharedSite(dir: string, smtpPort: number): Promise<Site> {
  const ports = [await freePort(), await freePort()];
  let database: EmbeddedPostgres | null = null;
  const folder = join(dir, "shared");
  mkdirSync(folder, { mode: 0o711 });
  return createSite({
    name: "shared",
    ports,
    async start(port) {
      database ??= await startEmbeddedPostgres({ dataDir: join(folder, "database") });
      return startServer({
        dataDir: join(folder, `server-${ports.indexOf(port)}`),
        port,
        smtpPort,
        databaseUrl: database.url,
        showErrors: false,
      });
    },
    databaseUrl: () => database?.url ?? "",
    async close() {
      await database?.stop();
      database = null;
    },
  });
}

type SiteOptions = {
  name: string;
  ports: readonly number[];
  start: (port: number) => Promise<Server>;
  databaseUrl: () => string;
  close: () => Promise<void>;
};

function createSite({ name, ports, start, databaseUrl, close }: SiteOptions): Site {
  const servers = new Map<number, Server>();
  let output = "";
  let sql: Sql | null = null;

  async function startAt(port: number): Promise<void> {
    servers.set(port, await start(port));
  }

  return {
    name,
    ports,
    async start() {
      // One after the other: the first makes the schema, and the second may be killed before it would have waited for it.
      for (const port of ports) await startAt(port);
    },
    async killAndRestart(index, withDatabase) {
      const port = ports[index % ports.length] ?? 0;
      const server = servers.get(port);
      if (!server) throw new Error("There is no such server to kill.");
      const victims = withDatabase ? processTree(server.pid) : [server.pid];
      for (const pid of victims) kill(pid);
      await server.ended;
      output += server.output();
      await startAt(port);
    },
    sql() {
      sql ??= connect(databaseUrl(), { max: 2, applicationName: "crash test" });
      return sql;
    },
    async stop() {
      if (sql) await closeDatabase(sql);
      sql = null;
      await Promise.all([...servers.values()].map((server) => server.close()));
      for (const server of servers.values()) output += server.output();
      servers.clear();
      await close();
    },
    output: () => output + [...servers.values()].map((server) => server.output()).join("\n"),
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It ended by itself between the look and the kill.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The address of the PostgreSQL that runs in `dataDir`, from its own files. */
function embeddedUrl(dataDir: string): string {
  const folder = join(dataDir, "postgres");
  const password = readFileSync(join(folder, "password"), "utf8").trim();
  const port = readFileSync(join(folder, "cluster", "postmaster.pid"), "utf8").split("\n")[3];
  return `postgres://staffetta:${password}@127.0.0.1:${port}/staffetta`;
}
