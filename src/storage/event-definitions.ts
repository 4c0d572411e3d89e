import type { EventVariable } from "../core/event-variables.ts";
import type { Queryable } from "./database.ts";
import { jsonOf } from "./rows.ts";

export type EventDefinitionRow = {
  id: string;
  workspaceId: string;
  /** Small, and the same for ever. */
  number: number;
  name: string;
  token: string;
  /** The number in the address beside the token; null: that of the workspace. */
  account: number | null;
  variables: EventVariable[];
  /** The variables are taken from the first call, which has not come yet. */
  learns: boolean;
  /** The log shows only what came later. */
  logClearedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

function definitionColumns(sql: Queryable) {
  return sql`id, workspace_id as "workspaceId", number, name, token, account, variables, learns, log_cleared_at as "logClearedAt", created_at as "createdAt", updated_at as "updatedAt"`;
}

/** Stores a definition. Undefined when the workspace has one of that name, or the token is taken. */
export async function insertEventDefinition(
  sql: Queryable,
  row: Omit<EventDefinitionRow, "number" | "logClearedAt">,
): Promise<EventDefinitionRow | undefined> {
  const [stored] = await sql<EventDefinitionRow[]>`
    insert into event_definition (id, workspace_id, name, token, account, variables, learns, created_at, updated_at)
    values (${row.id}, ${row.workspaceId}, ${row.name}, ${row.token}, ${row.account}, ${jsonOf(row.variables)}::text::jsonb, ${row.learns}, ${row.createdAt}, ${row.updatedAt})
    on conflict do nothing
    returning ${definitionColumns(sql)}`;
  return stored;
}

/** All definitions of a workspace; their number is limited. */
export async function loadEventDefinitions(sql: Queryable, workspaceId: string): Promise<EventDefinitionRow[]> {
  return sql<EventDefinitionRow[]>`
    select ${definitionColumns(sql)} from event_definition where workspace_id = ${workspaceId} order by id`;
}

export async function countEventDefinitions(sql: Queryable, workspaceId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*) as count from event_definition where workspace_id = ${workspaceId}`;
  return row?.count ?? 0;
}

/** The workspace with the token of this SHA-256, in hex. */
export async function findTokenWorkspace(sql: Queryable, hash: string): Promise<string | undefined> {
  const [row] = await sql<{ workspaceId: string }[]>`
    select workspace_id as "workspaceId" from event_definition where sha256(decode(token, 'hex')) = decode(${hash}, 'hex')`;
  return row?.workspaceId;
}

type ByName = { workspaceId: string; name: string };

export async function findEventDefinition(
  sql: Queryable,
  { workspaceId, name }: ByName,
): Promise<EventDefinitionRow | undefined> {
  const [row] = await sql<EventDefinitionRow[]>`
    select ${definitionColumns(sql)} from event_definition where workspace_id = ${workspaceId} and name = ${name}`;
  return row;
}

/** Locks a definition against other changes until the transaction ends. */
export async function lockEventDefinition(
  sql: Queryable,
  { workspaceId, name }: ByName,
): Promise<EventDefinitionRow | undefined> {
  const [row] = await sql<EventDefinitionRow[]>`
    select ${definitionColumns(sql)} from event_definition where workspace_id = ${workspaceId} and name = ${name} for update`;
  return row;
}

/** A page of definitions, newest first; `before` is the id of the last one seen. */
export async function pageEventDefinitions(
  sql: Queryable,
  page: { workspaceId: string; before: string | null; limit: number },
): Promise<EventDefinitionRow[]> {
  return sql<EventDefinitionRow[]>`
    select ${definitionColumns(sql)} from event_definition
     where workspace_id = ${page.workspaceId} and (${page.before}::uuid is null or id < ${page.before}::uuid)
     order by id desc limit ${page.limit}`;
}

const uniqueViolation = "23505";

/** Saves what can change. False when another definition has the name or the token; the transaction must then be given up. */
export async function saveEventDefinition(sql: Queryable, row: EventDefinitionRow): Promise<boolean> {
  try {
    await sql`
      update event_definition
         set name = ${row.name}, token = ${row.token}, account = ${row.account}, variables = ${jsonOf(row.variables)}::text::jsonb, learns = ${row.learns},
             updated_at = ${row.updatedAt}
       where workspace_id = ${row.workspaceId} and id = ${row.id}`;
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === uniqueViolation) return false;
    throw error;
  }
}

/** Declares the variables of a definition that still learns. False when another call was first. */
export async function learnVariables(
  sql: Queryable,
  { workspaceId, id, variables, now }: { workspaceId: string; id: string; variables: EventVariable[]; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update event_definition set variables = ${jsonOf(variables)}::text::jsonb, learns = false, updated_at = ${now}
     where workspace_id = ${workspaceId} and id = ${id} and learns
    returning 1`;
  return rows.length > 0;
}

/** Takes a definition away. False when there is none of that name. */
export async function removeEventDefinition(sql: Queryable, { workspaceId, name }: ByName): Promise<boolean> {
  const rows = await sql`
    delete from event_definition where workspace_id = ${workspaceId} and name = ${name} returning 1`;
  return rows.length > 0;
}
