import type { Condition } from "../core/condition/condition.ts";
import { conditionToSql } from "../core/condition/condition-to-sql.ts";
import { activityOfContact } from "./activity.ts";
import { contactFilterColumns } from "./contact-filter.ts";
import type { Sql } from "./database.ts";

type Preview = { workspaceId: string; definition: Condition; now: Date; sample: number; limitMs: number };

const cancelled = "57014";

/** How many contacts of a workspace a condition holds for, with the ids of the newest. Null when that takes longer than `limitMs`. */
export async function previewCondition(
  sql: Sql,
  { workspaceId, definition, now, sample, limitMs }: Preview,
): Promise<{ count: number; ids: string[] } | null> {
  const params: unknown[] = [];
  const workspace = `$${params.push(workspaceId)}::text::uuid`;
  const fits = conditionToSql(definition, contactFilterColumns(params), { params, now, activity: activityOfContact });
  const text = `
    with found as materialized (select c.id from contact c where c.workspace_id = ${workspace} and ${fits})
    select (select count(*) from found) as count, array(select id from found order by id desc limit ${sample}) as ids`;
  try {
    return await sql.begin(async (transaction) => {
      await transaction`select set_config('statement_timeout', ${String(limitMs)}, true)`;
      const [row] = await transaction.unsafe<[{ count: number; ids: string[] }]>(text, params as string[]);
      return row;
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === cancelled) return null;
    throw error;
  }
}
