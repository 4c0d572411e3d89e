import { laneOf } from "../core/id.ts";
import type { Queryable, Transaction } from "./database.ts";
import type { MessageStatus, NewMessage } from "./messages.ts";
import { recordset } from "./rows.ts";

export type MessageRow = NewMessage & {
  status: MessageStatus;
  class: string | null;
  reason: string | null;
  transport: string | null;
  fromAddress: string | null;
  toAddress: string | null;
  subject: string | null;
  sizeBytes: number | null;
  attempts: number;
  sentAt: Date | null;
  updatedAt: Date;
};

function messageColumns(sql: Queryable) {
  return sql`m.lane, m.contact_id as "contactId", m.id, m.workspace_id as "workspaceId", m.channel, m.run_id as "runId", m.flow_id as "flowId",
    m.version, m.step, m.visit, m.purpose, m.topic, m.status, m.class, m.reason, m.transport, m.from_address as "fromAddress", m.to_address as "toAddress",
    m.subject, m.size_bytes as "sizeBytes", m.attempts, m.created_at as "createdAt", m.sent_at as "sentAt", m.updated_at as "updatedAt", m.depth`;
}

export type MessageRef = { workspaceId: string; id: string };

export async function findMessage(sql: Queryable, { workspaceId, id }: MessageRef): Promise<MessageRow | undefined> {
  const [row] = await sql<
    MessageRow[]
  >`select ${messageColumns(sql)} from message m where m.workspace_id = ${workspaceId} and m.id = ${id}`;
  return row;
}

/** The same, locked against other changes until the transaction ends. */
export async function lockMessage(sql: Transaction, { workspaceId, id }: MessageRef): Promise<MessageRow | undefined> {
  const [row] = await sql<
    MessageRow[]
  >`select ${messageColumns(sql)} from message m where m.workspace_id = ${workspaceId} and m.id = ${id} for update`;
  return row;
}

/** The messages of these ids that are still to be sent, locked. All are of one contact. */
export async function lockUnsent(
  sql: Transaction,
  { contactId, ids }: { contactId: string; ids: readonly string[] },
): Promise<MessageRow[]> {
  return sql<MessageRow[]>`
    select ${messageColumns(sql)} from message m
     where m.lane = ${laneOf(contactId)} and m.contact_id = ${contactId} and m.id = any(${[...ids]}::uuid[])
       and m.status in ('queued', 'deferred', 'held', 'unknown')
     order by m.id for update`;
}

export type MessageKey = { lane: number; contactId: string; id: string };

/** Those of these messages that are still to be sent, locked in the order of their ids. */
export async function lockUnsentOf(sql: Transaction, messages: readonly MessageKey[]): Promise<MessageRow[]> {
  const sorted = [...messages].sort((one, other) => (one.id < other.id ? -1 : 1));
  return sql<MessageRow[]>`
    select ${messageColumns(sql)}
      from ${recordset(sql, sorted, 'lane smallint, "contactId" uuid, id uuid')} as k
     cross join lateral (
       select * from message
        where message.lane = k.lane and message.contact_id = k."contactId" and message.id = k.id
          and status in ('queued', 'deferred', 'held', 'unknown') offset 0
          for update
     ) m`;
}

/** What flows are told of a message besides what became of it. */
export type MessageFacts = Pick<
  MessageRow,
  "id" | "lane" | "contactId" | "workspaceId" | "channel" | "flowId" | "step" | "createdAt" | "depth"
>;

/** The same for several messages at once. */
export async function loadMessageFacts(sql: Queryable, keys: readonly MessageKey[]): Promise<MessageFacts[]> {
  return sql<MessageFacts[]>`
    select m.id, m.lane, m.contact_id as "contactId", m.workspace_id as "workspaceId", m.channel, m.flow_id as "flowId", m.step,
           m.created_at as "createdAt", m.depth
      from ${recordset(sql, keys, 'lane smallint, "contactId" uuid, id uuid')} as k
      join message m on m.lane = k.lane and m.contact_id = k."contactId" and m.id = k.id`;
}

export type MessageFilter = {
  workspaceId: string;
  contactId: string | null;
  flowId: string | null;
  runId: string | null;
  status: MessageStatus | null;
  to: string | null;
  before: string | null;
  limit: number;
};

/** A page of the messages that fit all of the filter, newest first. */
export async function listMessageRows(sql: Queryable, filter: MessageFilter): Promise<MessageRow[]> {
  const { contactId, flowId, runId, status, to, before } = filter;
  return sql<MessageRow[]>`
    select ${messageColumns(sql)} from message m
     where m.workspace_id = ${filter.workspaceId}
       ${contactId === null ? sql`` : sql`and m.lane = ${laneOf(contactId)} and m.contact_id = ${contactId}`}
       ${runId === null ? sql`` : sql`and m.lane = ${laneOf(runId)} and m.run_id = ${runId}`}
       ${flowId === null ? sql`` : sql`and m.flow_id = ${flowId}`}
       ${status === null ? sql`` : sql`and m.status = ${status}`}
       ${to === null ? sql`` : sql`and m.to_address = ${to}`}
       ${before === null ? sql`` : sql`and m.id < ${before}`}
     order by m.id desc limit ${filter.limit}`;
}
