import type { Sql } from "../../src/storage/database.ts";

export type WaitingRuns = {
  workspaceId: string;
  flowId: string;
  count: number;
  /** Every so many runs are due; the others wait for more than a year. */
  dueEvery: number;
  /** The steps in which runs stand, in turn. */
  steps: readonly string[];
  enteredAt: Date;
  /** When the due ones are due: in turn, one of these. */
  wakeAt: readonly Date[];
};

/** Writes contacts, and a waiting run for each of them. */
export async function insertWaitingRuns(sql: Sql, runs: WaitingRuns): Promise<void> {
  const { workspaceId, flowId, count, dueEvery, steps, enteredAt, wakeAt } = runs;
  const wakes = wakeAt.map((at) => at.toISOString());
  await sql`
    create function bench_id(kind text, i bigint) returns uuid language sql immutable as $$
      select ('00000000000' || kind || '70008' || lpad(to_hex(i), 13, '0') || lpad(to_hex(i % 64), 2, '0'))::uuid
    $$`;
  await sql`
    insert into contact (lane, id, workspace_id, email, properties, created_at, updated_at)
    select (i % 64)::smallint, bench_id('1', i), ${workspaceId}, 'c' || i || '@bench.example',
           jsonb_build_object('firstName', 'Name' || i, 'plan', 'p' || i % 7), ${enteredAt}, ${enteredAt}
      from generate_series(1, ${count}::bigint) i`;
  await sql`
    insert into run (lane, id, workspace_id, flow_id, version, contact_id, entry, status, step, visit, entered_at, wake_at,
                     event_id, event_name, event_at, event, started_at)
    select (i % 64)::smallint, bench_id('2', i), ${workspaceId}, ${flowId}, 1, bench_id('1', i), 'begin', 'waiting',
           (${[...steps]}::text[])[1 + i / ${dueEvery}::bigint % ${steps.length}::int], 1, ${enteredAt},
           case when i % ${dueEvery}::bigint = 0 then (${wakes}::text[])[1 + i / ${dueEvery}::bigint % ${wakes.length}::int]::timestamptz
                else ${enteredAt}::timestamptz + interval '500 days' end,
           bench_id('3', i), 'order.placed', ${enteredAt},
           jsonb_build_object('orderId', 'o-' || i, 'total', i % 100, 'items', jsonb_build_array(jsonb_build_object('sku', 'A-' || i % 50))), ${enteredAt}
      from generate_series(1, ${count}::bigint) i`;
  await sql`vacuum analyze contact, run`;
}
