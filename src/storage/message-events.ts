import type { PendingQuery, Row } from "postgres";
import type { Json } from "../core/json.ts";
import { messageEventNames, messageFeedback } from "../core/message/message-event.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

/** `attempting` is written before a message is handed over, so that a crash in between is seen. */
export const messageEventTypes = ["attempting", ...messageEventNames, "cancelled", "dropped"] as const;
export type MessageEventType = (typeof messageEventTypes)[number];

export type MessageEventRow = {
  lane: number;
  messageId: string;
  id: string;
  workspaceId: string;
  type: MessageEventType;
  at: Date;
  detail: Json;
};

/**
 * Adds to the life of messages, and returns the ids of what was added. What is there already, from a commit whose answer got lost, is not
 * added twice.
 */
export function insertMessageEvents(sql: Queryable, events: readonly MessageEventRow[]): PendingQuery<Row[]> {
  return sql`
    insert into message_event (lane, message_id, id, workspace_id, type, at, detail)
    select lane, "messageId", id, "workspaceId", type, at, nullif(detail, 'null')
      from ${recordset(sql, events, 'lane smallint, "messageId" uuid, id uuid, "workspaceId" uuid, type text, at timestamptz, detail jsonb')} as e
    on conflict do nothing
    returning id`;
}

/**
 * The same for messages that are about to go to `address`, but for those whose address is suppressed: nothing is added to these, and they
 * are returned with the reason. One statement, for between the decision and the mail nothing is waited for as often as this.
 */
export async function insertUnlessSuppressed(
  sql: Queryable,
  channel: string,
  events: readonly (MessageEventRow & { address: string })[],
): Promise<{ messageId: string; reason: string }[]> {
  return sql<{ messageId: string; reason: string }[]>`
    with asked as (
      select * from ${recordset(sql, events, 'lane smallint, "messageId" uuid, id uuid, "workspaceId" uuid, type text, at timestamptz, detail jsonb, address text')} as e
    ), noted as (
      insert into message_event (lane, message_id, id, workspace_id, type, at, detail)
      select lane, "messageId", id, "workspaceId", type, at, nullif(detail, 'null') from asked k
       where not exists (select from suppression s where s.workspace_id = k."workspaceId" and s.channel = ${channel} and s.address = k.address)
      on conflict do nothing
    )
    select k."messageId", s.reason from asked k
      join suppression s on s.workspace_id = k."workspaceId" and s.channel = ${channel} and s.address = k.address`;
}

/** The life of a message, oldest first. */
export async function loadMessageEvents(sql: Queryable, { lane, messageId }: { lane: number; messageId: string }) {
  return sql<{ id: string; type: MessageEventType; at: Date; detail: Json }[]>`
    select id, type, at, detail from message_event where lane = ${lane} and message_id = ${messageId} order by id`;
}

/**
 * Those of these messages whose last event is `attempting`: they were being handed over when their process died. What is reported of a
 * message later does not end an attempt.
 */
export async function findInterrupted(
  sql: Queryable,
  messages: readonly { lane: number; messageId: string }[],
): Promise<Set<string>> {
  const rows = await sql<{ messageId: string }[]>`
    select k."messageId"
      from ${recordset(sql, messages, 'lane smallint, "messageId" uuid')} as k
     cross join lateral (
       select type from message_event e
        where e.lane = k.lane and e.message_id = k."messageId" and e.type <> all(${[...messageFeedback]})
        order by id desc limit 1
     ) last
     where last.type = 'attempting'`;
  return new Set(rows.map((row) => row.messageId));
}
