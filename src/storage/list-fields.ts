import type { Queryable } from "./database.ts";

/** Numbers for new fields of lists, never given twice. */
export async function nextFieldNumbers(sql: Queryable, count: number): Promise<number[]> {
  if (count === 0) return [];
  const rows = await sql<{ number: number }[]>`
    select nextval('list_field_number') as number from generate_series(1, ${count}::int)`;
  return rows.map(({ number }) => number);
}

/** The id of the list that has the field of this number. */
export async function findListOfField(
  sql: Queryable,
  { workspaceId, number }: { workspaceId: string; number: number },
): Promise<string | undefined> {
  const [row] = await sql<{ id: string }[]>`
    select id from list
     where workspace_id = ${workspaceId} and fields @> jsonb_build_array(jsonb_build_object('number', ${number}::bigint))`;
  return row?.id;
}
