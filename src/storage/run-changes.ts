import type { Run } from "../core/flow/run.ts";
import type { Queryable } from "./database.ts";
import { located } from "./rows.ts";

/** Saves where runs stand that something from outside a pass has moved, perhaps to another version. The caller holds their lanes. */
export async function moveRuns(sql: Queryable, runs: readonly Run[]): Promise<void> {
  const shape =
    'lane smallint, id uuid, version integer, status text, step text, visit integer, "enteredAt" timestamptz, "wakeAt" timestamptz, reason text, "endedAt" timestamptz';
  await sql`
    update run r
       set version = k.version, status = k.status, step = k.step, visit = k.visit, entered_at = k."enteredAt", wake_at = k."wakeAt",
           parked_wake_at = null, reason = k.reason, ended_at = k."endedAt"
      from ${located(sql, { table: "run", rows: runs, shape, match: "run.lane = k.lane and run.id = k.id" })} as k
     where r.ctid = k.place`;
}
