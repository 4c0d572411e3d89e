import type { PendingQuery, Row } from "postgres";
import type { IdentityKind } from "../core/contact.ts";
import type { Queryable } from "./database.ts";
import { recordset, rowsText } from "./rows.ts";

export type IdentityRow = { lane: number; workspaceId: string; kind: IdentityKind; value: string };
export type OwnedIdentity = IdentityRow & { contactLane: number; contactId: string };

const identityShape = 'lane smallint, "workspaceId" uuid, kind text, value text';

/** The owners of those identities that have one. */
export async function findIdentities(sql: Queryable, identities: readonly IdentityRow[]): Promise<OwnedIdentity[]> {
  return sql<OwnedIdentity[]>`
    select i.lane, i.workspace_id as "workspaceId", i.kind, i.value, i.contact_lane as "contactLane", i.contact_id as "contactId"
      from ${recordset(sql, identities, identityShape)} as k
      join contact_identity i on i.lane = k.lane and i.workspace_id = k."workspaceId" and i.kind = k.kind and i.value = k.value`;
}

/** What a look at identities showed: who has them, and the identity revision of each workspace at that moment. */
export type IdentityLook = { owned: OwnedIdentity[]; revisions: ReadonlyMap<string, number> };

/**
 * The owners of those identities that have one, together with how often identities were taken from contacts of their workspaces until then:
 * as long as that stays the same, so do the owners.
 */
export async function lookAtIdentities(sql: Queryable, identities: readonly IdentityRow[]): Promise<IdentityLook> {
  const rows = await sql<(IdentityRow & { contactLane: number; contactId: string | null; revision: number })[]>`
    select k.lane, k."workspaceId", k.kind, k.value, i.contact_lane as "contactLane", i.contact_id as "contactId", coalesce(r.revision, 0) as revision
      from ${recordset(sql, identities, identityShape)} as k
      left join contact_identity i on i.lane = k.lane and i.workspace_id = k."workspaceId" and i.kind = k.kind and i.value = k.value
      left join identity_revision r on r.workspace_id = k."workspaceId"`;
  return {
    owned: rows.flatMap(({ contactId, revision: _, ...row }) => (contactId === null ? [] : [{ ...row, contactId }])),
    revisions: new Map(rows.map(({ workspaceId, revision }) => [workspaceId, revision])),
  };
}

/** Identities in the order in which they are locked, as text for `claimIdentities`. */
export function claimsText(identities: readonly OwnedIdentity[]): string {
  const sorted = [...identities].sort(
    (a, b) =>
      a.lane - b.lane || compare(a.workspaceId, b.workspaceId) || compare(a.kind, b.kind) || compare(a.value, b.value),
  );
  return rowsText(sorted, claimShape);
}

const claimShape = 'lane smallint, "workspaceId" uuid, kind text, value text, "contactLane" smallint, "contactId" uuid';

/** Gives identities to contacts. Returns the ones it could give; the others belong to somebody already. Sorted, so that two batches cannot deadlock. */
export function claimIdentities(
  sql: Queryable,
  identities: readonly OwnedIdentity[] | string,
  condition = sql``,
): PendingQuery<OwnedIdentity[]> {
  const text = typeof identities === "string" ? identities : claimsText(identities);
  return sql<OwnedIdentity[]>`
    insert into contact_identity (lane, workspace_id, kind, value, contact_lane, contact_id)
    select lane, "workspaceId", kind, value, "contactLane", "contactId"
      from ${recordset(sql, text, claimShape)} as k ${condition}
    on conflict do nothing
    returning lane, workspace_id as "workspaceId", kind, value, contact_lane as "contactLane", contact_id as "contactId"`;
}

/** Gives identities of contacts that the caller has locked to others. */
export function moveIdentities(sql: Queryable, identities: readonly OwnedIdentity[]): PendingQuery<Row[]> {
  return sql`
    update contact_identity i set contact_lane = k."contactLane", contact_id = k."contactId"
      from ${recordset(sql, identities, 'lane smallint, "workspaceId" uuid, kind text, value text, "contactLane" smallint, "contactId" uuid')} as k
     where i.lane = k.lane and i.workspace_id = k."workspaceId" and i.kind = k.kind and i.value = k.value`;
}

export const ownedShape = 'lane smallint, "workspaceId" uuid, kind text, value text, "contactId" uuid';

/** How many of these identities belong to the contacts named with them. */
export function countOwned(sql: Queryable, identities: readonly OwnedIdentity[] | string): PendingQuery<Row[]> {
  return sql`
    select count(*)
      from ${recordset(sql, identities, ownedShape)} as k
      join contact_identity i on i.lane = k.lane and i.workspace_id = k."workspaceId" and i.kind = k.kind and i.value = k.value
       and i.contact_id = k."contactId"`;
}

/** Takes back every identity of a contact. */
export async function releaseIdentities(sql: Queryable, identities: readonly IdentityRow[]): Promise<void> {
  await sql`
    delete from contact_identity i
     using ${recordset(sql, identities, identityShape)} as k
     where i.lane = k.lane and i.workspace_id = k."workspaceId" and i.kind = k.kind and i.value = k.value`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
