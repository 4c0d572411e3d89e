import type { RateBucket } from "../core/message/rate.ts";
import type { Queryable, Transaction } from "./database.ts";
import { recordset } from "./rows.ts";

export type BucketKey = { workspaceId: string; subject: string };

/** The states of these rates, locked against other processes until the transaction ends. Those not known yet are made. */
export async function lockBuckets(
  sql: Transaction,
  keys: readonly BucketKey[],
): Promise<(BucketKey & { bucket: RateBucket })[]> {
  const rows = await sql<(BucketKey & { freeAt: number; high: number; normal: number; low: number })[]>`
    insert into rate_bucket as b (workspace_id, subject)
    select "workspaceId", subject from ${recordset(sql, keys, '"workspaceId" uuid, subject text')} as k
     order by 1, 2
    on conflict (workspace_id, subject) do update set free_at = b.free_at
    returning b.workspace_id as "workspaceId", b.subject, (extract(epoch from b.free_at) * 1000)::float8 as "freeAt",
      (extract(epoch from b.line_ends[1]) * 1000)::float8 as high, (extract(epoch from b.line_ends[2]) * 1000)::float8 as normal,
      (extract(epoch from b.line_ends[3]) * 1000)::float8 as low`;
  return rows.map(({ freeAt, high, normal, low, ...key }) => ({
    ...key,
    bucket: { freeAt, lineEnds: [high, normal, low] },
  }));
}

/** Saves the states of rates that the caller has locked. */
export async function saveBuckets(
  sql: Queryable,
  buckets: readonly (BucketKey & { bucket: RateBucket })[],
): Promise<void> {
  const rows = buckets.map(({ bucket: { freeAt, lineEnds }, ...key }) => {
    const [high, normal, low] = lineEnds.map(textOf);
    return { ...key, freeAt: textOf(freeAt), high, normal, low };
  });
  await sql`
    update rate_bucket b
       set free_at = to_timestamp(k."freeAt" / 1000),
           line_ends = array[to_timestamp(k.high / 1000), to_timestamp(k.normal / 1000), to_timestamp(k.low / 1000)]
      from ${recordset(sql, rows, '"workspaceId" uuid, subject text, "freeAt" float8, high float8, normal float8, low float8')} as k
     where b.workspace_id = k."workspaceId" and b.subject = k.subject`;
}

function textOf(ms: number): string {
  return String(ms);
}
