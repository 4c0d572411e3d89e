import type { JsonObject } from "../core/json.ts";
import type { Sql } from "../storage/database.ts";

/** A flow that is over at once. */
export function flowWith(entry: JsonObject, changes: JsonObject = {}): JsonObject {
  return {
    schema: 1,
    name: "Broadcast",
    entries: { begin: { ...entry, next: "done" } },
    steps: { done: { kind: "end", config: {}, exits: {} } },
    reentry: { mode: "always", whileRunning: "beside" },
    ...changes,
  };
}

/** An entry that the API can start. */
export const startable = { kind: "start", config: {} };

/** `count` contacts, made in the database for speed; every tenth has the tag `tenth`, and `properties` are those of all. */
export async function makeContacts(
  sql: Sql,
  { workspaceId, count, properties = {} }: { workspaceId: string; count: number; properties?: JsonObject },
): Promise<void> {
  await sql`
    insert into contact (lane, id, workspace_id, external_id, properties, tags, created_at, updated_at)
    select n % 64, ('0190a000-0000-7000-8000-' || lpad(to_hex(n * 64 + n % 64), 12, '0'))::uuid, ${workspaceId}, 'c' || n,
           ${JSON.stringify(properties)}::text::jsonb, case when n % 10 = 0 then '{tenth}'::text[] else '{}' end, now(), now()
      from generate_series(1, ${count}) as n`;
}
