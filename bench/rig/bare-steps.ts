import { laneCount } from "../../src/core/id.ts";
import { closeDatabase, connect, type Sql } from "../../src/storage/database.ts";

export type BareSteps = {
  /** Moves every run that is due at `now` one step on, due again an hour later. Resolves with how many, and the milliseconds. */
  lap(now: Date): Promise<{ steps: number; ms: number }>;
  close(): Promise<void>;
};

const workers = 3;
const batch = 500;

type Row = { id: number; node: string; vars: object };

/** The limit of the engine: lock a lane, claim its due runs as a batch, change them, write them back, nothing else. */
export async function openBareSteps(
  url: string,
  { count, dueEvery, now }: { count: number; dueEvery: number; now: Date },
): Promise<BareSteps> {
  const sql = connect(url, { max: workers + 1, applicationName: "bench limit" });
  await fill(sql, { count, dueEvery, now });
  return {
    async lap(at) {
      const startedAt = performance.now();
      const done = await Promise.all(
        Array.from({ length: workers }, (_, worker) => work(sql, Math.floor((worker * laneCount) / workers), at)),
      );
      return { steps: done.reduce((sum, steps) => sum + steps, 0), ms: performance.now() - startedAt };
    },
    close: () => closeDatabase(sql),
  };
}

async function fill(sql: Sql, { count, dueEvery, now }: { count: number; dueEvery: number; now: Date }): Promise<void> {
  await sql`create table bare_lane (lane smallint primary key)`;
  await sql`insert into bare_lane select generate_series(0, ${laneCount - 1}::int)`;
  await sql`
    create table bare_run (
      lane smallint not null, id bigint not null, contact_id bigint not null, node text not null, wake_at timestamptz,
      vars jsonb not null default '{}', primary key (lane, id)
    ) with (fillfactor = 70)`;
  await sql`create index bare_run_due on bare_run (lane, wake_at) where wake_at is not null`;
  await sql`
    insert into bare_run (lane, id, contact_id, node, wake_at, vars)
    select (i % ${laneCount}::int)::smallint, i, i, 'n0',
           case when i % ${dueEvery}::int = 0 then ${now}::timestamptz else ${now}::timestamptz + interval '500 days' end,
           jsonb_build_object('k', i, 'product', 'p' || i)
      from generate_series(1, ${count}::int) i`;
  await sql`vacuum analyze bare_run`;
}

async function work(sql: Sql, first: number, now: Date): Promise<number> {
  let steps = 0;
  let idle = 0;
  for (let lane = first; idle <= laneCount; lane += 1) {
    const done = await pass(sql, lane % laneCount, now);
    steps += done;
    idle = done === 0 ? idle + 1 : 0;
  }
  return steps;
}

/** One pass over one lane: nobody else may hold the lane meanwhile, so the order within it is kept. */
async function pass(sql: Sql, lane: number, now: Date): Promise<number> {
  const next = new Date(now.getTime() + 3_600_000).toISOString();
  return sql.begin(async (transaction) => {
    const held = await transaction`select lane from bare_lane where lane = ${lane} for update skip locked`;
    if (held.length === 0) return 0;
    const rows = await transaction<Row[]>`
      select id, node, vars from bare_run where lane = ${lane} and wake_at <= ${now} order by wake_at limit ${batch}`;
    if (rows.length === 0) return 0;
    const at = rows.map(({ node }) => Number(node.slice(1)) + 1);
    await transaction`
      update bare_run r set node = t.node, wake_at = t.wake_at, vars = t.vars::jsonb
        from unnest(${rows.map(({ id }) => String(id))}::text[]::bigint[], ${at.map((node) => `n${node}`)}::text[],
                    ${rows.map(() => next)}::text[]::timestamptz[], ${rows.map(({ vars }, index) => JSON.stringify({ ...vars, at: at[index] }))}::text[])
             t(id, node, wake_at, vars)
       where r.lane = ${lane} and r.id = t.id`;
    return rows.length;
  });
}
