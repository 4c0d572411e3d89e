import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Sql } from "../../../storage/database.ts";
import { findPending } from "../../../storage/migrate.ts";
import {
  countStaleLeases,
  missingPartitions,
  readServerFacts,
  type ServerFacts,
} from "../../../storage/server-facts.ts";
import type { Configuration } from "../../configuration.ts";
import { openDatabaseBeside } from "../../open-database.ts";
import { type Finding, reasonOf } from "./finding.ts";

type Settings = Pick<Configuration, "databaseUrl" | "databasePool" | "dataDir">;

const maxSkewMs = 5000;
const deadAfterMs = 10_000;

/** The database: that it answers, and that it holds what this program expects. */
export async function checkDatabase(settings: Settings): Promise<Finding[]> {
  if (settings.databaseUrl === null && !(await isMade(settings.dataDir)))
    return [{ state: "ok", what: "There is no database yet; the first start makes an embedded one." }];
  try {
    const database = await openDatabaseBeside(settings);
    return await inspect(database.sql, settings).finally(database.close);
  } catch (error) {
    const advice =
      settings.databaseUrl === null
        ? "See the log under DATA_DIR/postgres/log."
        : "Check DATABASE_URL, and that the server runs and lets this machine in.";
    return [{ state: "fail", what: `${reasonOf(error)}.`, advice }];
  }
}

async function isMade(dataDir: string): Promise<boolean> {
  return access(join(dataDir, "postgres")).then(
    () => true,
    () => false,
  );
}

async function inspect(sql: Sql, settings: Settings): Promise<Finding[]> {
  const before = Date.now();
  const facts = await readServerFacts(sql);
  const skewMs = facts.now.getTime() - (before + Date.now()) / 2;
  const schema = await checkSchema(sql);
  const findings = [checkVersion(facts), checkRoom(facts, settings), checkClock(skewMs), schema];
  // The rest asks tables that only a finished schema has.
  return schema.state === "ok" ? [...findings, await checkPartitions(sql), await checkLeases(sql)] : findings;
}

function checkVersion({ version, versionNumber }: ServerFacts): Finding {
  if (versionNumber >= 150_000) return { state: "ok", what: `PostgreSQL ${version} answers.` };
  return { state: "fail", what: `PostgreSQL ${version} is too old.`, advice: "Use 15 or newer." };
}

function checkRoom({ connections, maxConnections }: ServerFacts, { databasePool }: Settings): Finding {
  const what = `${connections} of ${maxConnections} connections are in use.`;
  if (connections + databasePool < maxConnections) return { state: "ok", what };
  return {
    state: "warn",
    what,
    advice: `A process needs up to ${databasePool} (DATABASE_POOL): raise max_connections or lower DATABASE_POOL.`,
  };
}

/** Whether the clocks of this machine and of the database agree well enough. Positive: the database is ahead. */
export function checkClock(skewMs: number): Finding {
  const what = `The clock of the database is ${Math.abs(skewMs / 1000).toFixed(1)} s ${skewMs < 0 ? "behind" : "ahead of"} ours.`;
  if (Math.abs(skewMs) <= maxSkewMs) return { state: "ok", what };
  return { state: "warn", what, advice: "Waits end by our clock: run a time service (NTP) on both machines." };
}

async function checkSchema(sql: Sql): Promise<Finding> {
  try {
    const pending = await findPending(sql);
    if (pending.length === 0) return { state: "ok", what: "The schema is up to date." };
    return {
      state: "warn",
      what: `The schema lacks ${pending.join(", ")}.`,
      advice: "A start applies it, or: staffetta migrate.",
    };
  } catch (error) {
    return { state: "fail", what: `${reasonOf(error)}.` };
  }
}

async function checkPartitions(sql: Sql): Promise<Finding> {
  const now = new Date();
  const next = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  const missing = [...(await missingPartitions(sql, now)), ...(await missingPartitions(sql, next))];
  if (missing.length === 0) return { state: "ok", what: "There are partitions for this month and the next." };
  return {
    state: "warn",
    what: `These partitions are missing: ${missing.join(", ")}.`,
    advice: "A running server makes them daily, or: staffetta migrate.",
  };
}

async function checkLeases(sql: Sql): Promise<Finding> {
  const stale = await countStaleLeases(sql, deadAfterMs);
  if (stale === 0) return { state: "ok", what: "No dead process holds work." };
  return {
    state: "warn",
    what: `${stale} effects are held by processes that are gone.`,
    advice: "Any running engine or sender frees them within seconds; start one.",
  };
}
