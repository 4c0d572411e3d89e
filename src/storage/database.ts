import postgres from "postgres";
import { connectCoalescing, type SocketTarget } from "./coalescing-socket.ts";

type CustomTypes = { bigint: number; plainDate: string };

/** The pool of connections. A query is a tagged template, so every value is a parameter. */
export type Sql = postgres.Sql<CustomTypes>;

/** One open transaction of the pool, as `sql.begin` hands it out. */
export type Transaction = postgres.TransactionSql<CustomTypes>;

/** The pool or a transaction: what a query function takes when it does not mind which. */
export type Queryable = postgres.ISql<CustomTypes>;

// Fixed type numbers of PostgreSQL, from pg_type.dat.
const timestampArrayType = 1185;
const booleanArrayType = 1000;

const connectTimeoutMs = 10_000;

export type ConnectOptions = { max: number; applicationName: string; hot?: boolean };

/**
 * For the statements of the hot path, which are all made to go by index. Prepared while tables are still empty they would be planned
 * as scans of whole tables, and stay so until the next analyze.
 */
const hotSettings = {
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_material: "off",
  plan_cache_mode: "force_generic_plan",
} as const;

/**
 * Opens a pool of up to `max` connections; the first query connects. `bigint` is read as a number, `timestamptz` as a Date,
 * `date` as text (2026-03-01), `jsonb` parsed. Sessions run in UTC. A `hot` pool is for the
 * engine and ingest: its plans always go by index.
 */
export function connect(url: string, { max, applicationName, hot = false }: ConnectOptions): Sql {
  return postgres(url, {
    max,
    connect_timeout: connectTimeoutMs / 1000,
    // Several hosts, tried in turn, are left to the client's own sockets.
    ...(new URL(url).host.includes(",")
      ? {}
      : { socket: (target: SocketTarget) => connectCoalescing(target, connectTimeoutMs) }),
    onnotice: () => undefined,
    connection: { application_name: applicationName, TimeZone: "UTC", ...(hot ? hotSettings : {}) },
    types: {
      bigint: { to: 20, from: [20], serialize: (value: number) => String(value), parse: Number },
      // Read as a Date it would become an instant, and a birthday would depend on a time zone.
      plainDate: { to: 1082, from: [1082], serialize: (value: string) => value, parse: (text: string) => text },
    },
  });
}

/** Lets running queries finish for up to five seconds, then closes every connection. */
export async function closeDatabase(sql: Sql): Promise<void> {
  await sql.end({ timeout: 5 });
}

/** An array for `timestamptz[]`. Passed bare, the client would declare the type of its first element, and the cast would fail. */
export function timestampArray(sql: Queryable, values: readonly (Date | null)[]) {
  return sql.array([...values], timestampArrayType);
}

/** An array for `boolean[]`, for the same reason. */
export function booleanArray(sql: Queryable, values: readonly (boolean | null)[]) {
  return sql.array([...values], booleanArrayType);
}
