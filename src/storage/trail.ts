import type { PendingQuery, Row } from "postgres";
import type { TrailEntry } from "../core/flow/run.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type TrailRow = { lane: number; runId: string; seq: number; at: Date; entries: TrailEntry[] };

/** Adds to the trail of runs. Two additions in the same millisecond are joined. */
export function insertTrail(sql: Queryable, rows: readonly TrailRow[]): PendingQuery<Row[]> {
  return sql`
    insert into trail (lane, run_id, seq, at, entries)
    select lane, "runId", seq, at, entries
      from ${recordset(sql, rows, 'lane smallint, "runId" uuid, seq integer, at timestamptz, entries json')} as t
    on conflict (lane, run_id, seq, at) do update set entries = (trail.entries::jsonb || excluded.entries::jsonb)::json`;
}

/** The trail of a run, oldest first. */
export async function loadTrail(sql: Queryable, { lane, id }: { lane: number; id: string }): Promise<TrailEntry[]> {
  const rows = await sql<{ entries: TrailEntry[] }[]>`
    select entries from trail where lane = ${lane} and run_id = ${id} order by at, seq`;
  return rows.flatMap((row) => row.entries);
}
