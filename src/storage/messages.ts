import type { PendingQuery, Row } from "postgres";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export const messageStatuses = [
  "queued",
  "deferred",
  "sent",
  "bounced",
  "failed",
  "held",
  "unknown",
  "cancelled",
  "dropped",
] as const;
export type MessageStatus = (typeof messageStatuses)[number];

export type NewMessage = {
  lane: number;
  contactId: string;
  id: string;
  workspaceId: string;
  channel: string;
  runId: string | null;
  flowId: string | null;
  version: number | null;
  step: string | null;
  visit: number | null;
  purpose: "transactional" | "marketing";
  topic: string | null;
  createdAt: Date;
  /** The depth of the run that asked for it: how many flows in a row led to it. */
  depth: number;
};

/** New messages, queued. */
export function insertMessages(sql: Queryable, messages: readonly NewMessage[]): PendingQuery<Row[]> {
  return sql`
    insert into message (lane, contact_id, id, workspace_id, channel, run_id, flow_id, version, step, visit, purpose, topic, status, created_at, updated_at, depth)
    select lane, "contactId", id, "workspaceId", channel, "runId", "flowId", version, step, visit, purpose, topic, 'queued', "createdAt", "createdAt", depth
      from ${recordset(sql, messages, 'lane smallint, "contactId" uuid, id uuid, "workspaceId" uuid, channel text, "runId" uuid, "flowId" uuid, version integer, step text, visit integer, purpose text, topic text, "createdAt" timestamptz, depth smallint')} as m`;
}

/** Where a message stands after an attempt. Null addresses and subject leave what is stored. */
export type MessageUpdate = {
  lane: number;
  contactId: string;
  id: string;
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
  at: Date;
};

/** Saves where messages stand. */
export function updateMessages(sql: Queryable, updates: readonly MessageUpdate[]): PendingQuery<Row[]> {
  return sql`
    update message m
       set status = k.status, class = k.class, reason = k.reason, transport = coalesce(k.transport, m.transport),
           from_address = coalesce(k."fromAddress", m.from_address), to_address = coalesce(k."toAddress", m.to_address),
           subject = coalesce(k.subject, m.subject), size_bytes = coalesce(k."sizeBytes", m.size_bytes), attempts = k.attempts,
           sent_at = coalesce(k."sentAt", m.sent_at), updated_at = k.at
      from ${recordset(sql, updates, 'lane smallint, "contactId" uuid, id uuid, status text, class text, reason text, transport text, "fromAddress" text, "toAddress" text, subject text, "sizeBytes" integer, attempts integer, "sentAt" timestamptz, at timestamptz')} as k
     where m.lane = k.lane and m.contact_id = k."contactId" and m.id = k.id`;
}
