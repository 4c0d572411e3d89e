import type { PendingQuery, Row } from "postgres";
import type { OwnMail } from "../core/message/own-mail.ts";
import type { Queryable } from "./database.ts";
import { jsonOf, recordset } from "./rows.ts";

export type MailContentKey = { workspaceId: string; id: string };
export type MailContentRow = MailContentKey & {
  content: OwnMail;
  messages: readonly { lane: number; id: string }[];
  createdAt: Date;
};

/** Keeps what a mail says for the messages that are to be made of it. */
export function insertMailContent(sql: Queryable, row: MailContentRow): PendingQuery<Row[]> {
  const { messages } = row;
  return sql`
    insert into mail_content (id, workspace_id, content, lanes, message_ids, created_at)
    values (${row.id}, ${row.workspaceId}, ${jsonOf(row.content)}::text::json, ${messages.map(({ lane }) => lane)}::smallint[],
            ${messages.map(({ id }) => id)}::uuid[], ${row.createdAt})`;
}

/** What these mails say. */
export async function findMailContents(sql: Queryable, keys: readonly MailContentKey[]) {
  return sql<{ id: string; content: OwnMail }[]>`
    select c.id, c.content
      from ${recordset(sql, keys, '"workspaceId" uuid, id uuid')} as k
      join mail_content c on c.id = k.id and c.workspace_id = k."workspaceId"`;
}

/** Removes what was written before `before` and waits for nobody any more, the oldest first and at most `limit`. Returns how many. */
export async function removeSentContents(sql: Queryable, before: Date, limit = 1000): Promise<number> {
  const rows = await sql`
    delete from mail_content where id in (
      select c.id from mail_content c
       where c.created_at < ${before}
         and not exists (
           select 1 from unnest(c.lanes, c.message_ids) as m(lane, id)
             join outbox o on o.lane = m.lane and o.run_id = m.id
         )
       order by c.created_at limit ${limit}
    )`;
  return rows.count;
}
