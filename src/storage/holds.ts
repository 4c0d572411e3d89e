import type { Queryable } from "./database.ts";
import { keyShape, locatedEffects, type OutboxKey } from "./outbox.ts";
import { located } from "./rows.ts";
import type { RunKey } from "./runs.ts";

export type Hold = { flowId: string; heldBefore: Date | null };

/** The flows of a workspace whose runs stand still: all of them (`heldBefore` null), or those that were due by then. */
export async function loadHolds(sql: Queryable, workspaceId: string): Promise<Hold[]> {
  return sql<Hold[]>`
    select id as "flowId", case when is_held then null else held_before end as "heldBefore"
      from flow where workspace_id = ${workspaceId} and (is_held or held_before is not null)`;
}

/** Says whether the runs of a flow stand still. */
export async function setHold(
  sql: Queryable,
  { id, isHeld, heldBefore }: { id: string; isHeld: boolean; heldBefore: Date | null },
): Promise<void> {
  await sql`update flow set is_held = ${isHeld}, held_before = ${heldBefore} where id = ${id}`;
}

/** Puts due runs aside. The caller holds their lanes. */
export async function parkRuns(sql: Queryable, runs: readonly RunKey[]): Promise<void> {
  await sql`
    update run r set parked_wake_at = r.wake_at, wake_at = null
      from ${located(sql, { table: "run", rows: runs, shape: "lane smallint, id uuid", match: "run.lane = k.lane and run.id = k.id" })} as k
     where r.ctid = k.place and r.wake_at is not null`;
}

/** Puts answers aside that runs of held flows are to have later. The caller holds their lanes. */
export async function holdAnswers(sql: Queryable, keys: readonly OutboxKey[]): Promise<void> {
  await sql`update outbox o set held = true from ${locatedEffects(sql, keys, keyShape)} as k where o.ctid = k.place`;
}

/** Gives effects of held flows back to the outbox, where nobody takes them until they are released. */
export async function holdEffects(sql: Queryable, worker: string, keys: readonly OutboxKey[]): Promise<OutboxKey[]> {
  return sql<OutboxKey[]>`
    update outbox o set leased_by = null, held = true
      from ${locatedEffects(sql, keys, keyShape)} as k
     where o.ctid = k.place and o.leased_by = ${worker}
    returning o.lane, o.run_id as "runId", o.visit, o.ordinal`;
}
