import type { PendingQuery, Row } from "postgres";
import type { WorkspaceFacts } from "../core/flow/workspace-facts.ts";
import { workspaceSettingsSchema } from "../core/workspace-settings.ts";
import type { Queryable } from "./database.ts";
import { jsonOf, recordset } from "./rows.ts";

/** `number` is small, and the same for ever: what other systems' APIs call an account. */
export type WorkspaceRow = WorkspaceFacts & { number: number; routingRevision: number };

type Stored = Omit<WorkspaceRow, "settings"> & { settings: unknown };

function workspaceColumns(sql: Queryable) {
  return sql`id, number, name, time_zone as "timeZone", settings, routing_revision as "routingRevision"`;
}

function read(row: Stored): WorkspaceRow {
  return { ...row, settings: workspaceSettingsSchema.parse(row.settings) };
}

/** All workspaces, oldest first. */
export async function listWorkspaces(sql: Queryable): Promise<WorkspaceRow[]> {
  const rows = await sql<Stored[]>`select ${workspaceColumns(sql)} from workspace order by id`;
  return rows.map(read);
}

/** The routing revisions of all workspaces. */
export async function listRevisions(sql: Queryable): Promise<Pick<WorkspaceRow, "id" | "routingRevision">[]> {
  return sql<Pick<WorkspaceRow, "id" | "routingRevision">[]>`
    select id, routing_revision as "routingRevision" from workspace`;
}

/** A workspace, locked against other changes until the transaction ends when `lock` is true. */
export async function findWorkspace(
  sql: Queryable,
  id: string,
  { lock = false }: { lock?: boolean } = {},
): Promise<WorkspaceRow | undefined> {
  const [row] = await sql<Stored[]>`
    select ${workspaceColumns(sql)} from workspace where id = ${id} ${lock ? sql`for update` : sql``}`;
  return row && read(row);
}

/** The number by which other systems' APIs know a workspace. */
export async function findWorkspaceNumber(sql: Queryable, id: string): Promise<number> {
  const [row] = await sql<{ number: number }[]>`select number from workspace where id = ${id}`;
  if (!row) throw new Error(`There is no workspace ${id}.`);
  return row.number;
}

/** What was known of a workspace: its routing revision and, where it matters (else null), its identity revision. */
export type RevisionRow = { workspaceId: string; routing: number; identities: number | null };

export const revisionShape = '"workspaceId" uuid, routing bigint, identities bigint';

/** How many of these workspaces have the revisions named with them. */
export function countRevisions(sql: Queryable, revisions: readonly RevisionRow[] | string): PendingQuery<Row[]> {
  return sql`
    select count(*) from ${recordset(sql, revisions, revisionShape)} as k
      join workspace w on w.id = k."workspaceId" and w.routing_revision = k.routing
      left join identity_revision i on i.workspace_id = k."workspaceId"
     where k.identities is null or k.identities = coalesce(i.revision, 0)`;
}

export async function insertWorkspace(
  sql: Queryable,
  { id, name, timeZone, now }: { id: string; name: string; timeZone: string; now: Date },
): Promise<void> {
  await sql`insert into workspace (id, name, time_zone, created_at) values (${id}, ${name}, ${timeZone}, ${now})`;
}

/** Saves name, zone and settings, and has every process read them anew. */
export async function updateWorkspace(sql: Queryable, { id, name, timeZone, settings }: WorkspaceFacts): Promise<void> {
  await sql`
    update workspace
       set name = ${name}, time_zone = ${timeZone}, settings = ${jsonOf(settings)}::text::jsonb, routing_revision = routing_revision + 1
     where id = ${id}`;
}

/** Marks that what flows listen to has changed. In the same transaction as the change. */
export async function bumpRoutingRevision(sql: Queryable, workspaceId: string): Promise<void> {
  await sql`update workspace set routing_revision = routing_revision + 1 where id = ${workspaceId}`;
}
