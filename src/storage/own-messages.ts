import type { Json } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import type { MessageStatus } from "./messages.ts";
import { recordset } from "./rows.ts";

/** A message that no flow asked for. */
export type OwnMessageRow = {
  lane: number;
  id: string;
  status: MessageStatus;
  class: string | null;
  reason: string | null;
  fromAddress: string | null;
  toAddress: string | null;
  subject: string | null;
  sizeBytes: number | null;
  createdAt: Date;
  sentAt: Date | null;
};

export type OwnMessageFilter = {
  workspaceId: string;
  ids?: readonly string[] | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  status?: MessageStatus | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** Mails that no flow asked for, the newest first. `since` is included, `until` is not. */
export async function pageOwnMessages(
  sql: Queryable,
  { limit, offset, ...filter }: OwnMessageFilter & { limit: number; offset: number },
): Promise<OwnMessageRow[]> {
  return sql<OwnMessageRow[]>`
    select lane, id, status, class, reason, from_address as "fromAddress", to_address as "toAddress", subject,
           size_bytes as "sizeBytes", created_at as "createdAt", sent_at as "sentAt"
      from message where ${fitting(sql, filter)} order by id desc limit ${limit} offset ${offset}`;
}

/** How many there are of them. */
export async function countOwnMessages(sql: Queryable, filter: OwnMessageFilter): Promise<number> {
  const [row] = await sql<
    [{ count: number }]
  >`select count(*)::int as count from message where ${fitting(sql, filter)}`;
  return row.count;
}

/** The senders of the newest mails, each once. */
export async function recentSenders(sql: Queryable, { workspaceId, sample }: { workspaceId: string; sample: number }) {
  const rows = await sql<{ address: string }[]>`
    select distinct from_address as address
      from (select from_address from message where workspace_id = ${workspaceId} and run_id is null order by id desc limit ${sample}) m
     where from_address is not null order by 1`;
  return rows.map(({ address }) => address);
}

/** What happened to messages, the oldest first: what servers answered, and what receivers did. */
export async function loadLives(sql: Queryable, keys: readonly { lane: number; id: string }[]) {
  return sql<{ messageId: string; type: string; at: Date; detail: Json }[]>`
    select e.message_id as "messageId", e.type, e.at, e.detail
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join message_event e on e.lane = k.lane and e.message_id = k.id and e.type <> 'attempting'
     order by e.id`;
}

/** How many messages a contact was sent, and how often it opened or clicked one. */
export async function countOfContact(sql: Queryable, { lane, id }: { lane: number; id: string }) {
  const [row] = await sql<[{ sent: number; opened: number; clicked: number }]>`
    select count(distinct m.id) filter (where m.status = 'sent')::int as sent,
           count(e.id) filter (where e.type = 'opened')::int as opened,
           count(e.id) filter (where e.type = 'clicked')::int as clicked
      from message m
      left join message_event e on e.lane = m.lane and e.message_id = m.id and e.type in ('opened', 'clicked')
     where m.lane = ${lane} and m.contact_id = ${id}`;
  return row;
}

/** Ids grow with time, so the index of ids finds a span of it. */
function fitting(sql: Queryable, { workspaceId, ids, since, until, status, from, to }: OwnMessageFilter) {
  return sql`workspace_id = ${workspaceId} and run_id is null
    ${ids === undefined ? sql`` : sql`and id = any(${[...ids]}::uuid[])`}
    ${since === undefined ? sql`` : sql`and id >= uuid_floor(${since})`}
    ${until === undefined ? sql`` : sql`and id < uuid_floor(${until})`}
    ${status === undefined ? sql`` : sql`and status = ${status}`}
    ${from === undefined ? sql`` : sql`and from_address = ${from}`}
    ${to === undefined ? sql`` : sql`and to_address = ${to}`}`;
}
