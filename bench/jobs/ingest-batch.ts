import { join } from "node:path";
import type { Job, Measured, Setting } from "../job.ts";
import { copyEvents, makeCopyTable } from "../rig/bare-copy.ts";
import { startLoad } from "../rig/load.ts";
import { startServer } from "../rig/server.ts";

/** Events in batches of 100, with contacts made where they are new; beside a bare COPY of the same rows into a table with the same indexes. */
export const ingestBatch: Job = { name: "ingest-batch", bar: { ratio: 0.4, atLeast: 40_000 }, run };

const batch = 100;

async function run({ quick, place, profileDir }: Setting): Promise<Measured> {
  const { url: databaseUrl, sql } = await place.database();
  const server = place.use(await startServer({ dataDir: join(place.dir, "batch"), databaseUrl, profileDir }));
  const load = place.use(await startLoad());
  const kind = { event: "page.seen", contacts: 50_000 };
  const send = { ...kind, port: server.port, path: "/v1/events/batch", batch, connections: 8, properties: false };
  await makeCopyTable(sql);
  const seconds = quick ? 1 : 4;
  await load.run({ ...send, seconds: quick ? 0.5 : 3 });
  await copyEvents(sql, { ...kind, seconds: 0.5, round: 0 });
  const totals = { bare: 0, server: 0 };
  const rounds = quick ? 1 : 3;
  for (let round = 1; round <= rounds; round += 1) {
    totals.bare += await copyEvents(sql, { ...kind, seconds, round });
    const figure = await load.run({ ...send, seconds, from: round * 1_000_000 });
    totals.server += (figure.requests * batch) / figure.seconds;
  }
  const note = "8 connections, 50,000 contacts, no flow listens to the name";
  return { figure: totals.server / rounds, limit: totals.bare / rounds, unit: "events/s", note };
}
