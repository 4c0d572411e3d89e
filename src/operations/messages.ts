import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { normalizeEmail } from "../core/message/address.ts";
import { loadMessageEvents, type MessageEventType } from "../storage/message-events.ts";
import { findMessage, listMessageRows, type MessageRow } from "../storage/message-reads.ts";
import type { MessageStatus } from "../storage/messages.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, knownId, textFilter } from "./read-filter.ts";

/** A message as lists show it. */
export type MessageView = Omit<MessageRow, "lane" | "workspaceId" | "visit" | "depth" | "fromAddress" | "toAddress"> & {
  from: string | null;
  to: string | null;
};

type MessageQuery = PageInput & {
  contactId?: string | undefined;
  flowId?: string | undefined;
  runId?: string | undefined;
  status?: MessageStatus | undefined;
  to?: string | undefined;
};

/** Messages, the newest first. */
export async function listMessages(
  platform: Platform,
  caller: Caller,
  query: MessageQuery,
): Promise<Page<MessageView>> {
  requireScope(caller, "messages:read");
  const { before, limit } = readPage(query);
  const rows = await listMessageRows(platform.sql, {
    workspaceId: caller.workspaceId,
    contactId: idFilter(query.contactId, "contactId"),
    flowId: idFilter(query.flowId, "flowId"),
    runId: idFilter(query.runId, "runId"),
    status: query.status ?? null,
    to: addressFilter(query.to, "to"),
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(viewMessage), limit, ({ id }) => id);
}

export type MessageDetail = MessageView & { events: { id: string; type: MessageEventType; at: Date; detail: Json }[] };

/** A message with its life: every attempt, and what the other server said. */
export async function getMessage(platform: Platform, caller: Caller, { id }: { id: string }): Promise<MessageDetail> {
  requireScope(caller, "messages:read");
  const row = await findMessage(platform.sql, {
    workspaceId: caller.workspaceId,
    id: knownId(id, "message_not_found"),
  });
  if (!row) throw new AppError("message_not_found");
  return { ...viewMessage(row), events: await loadMessageEvents(platform.sql, { lane: row.lane, messageId: id }) };
}

/** A message as lists show it. */
export function viewMessage({
  lane: _,
  workspaceId: __,
  visit: ___,
  depth: ____,
  fromAddress: from,
  toAddress: to,
  ...message
}: MessageRow): MessageView {
  return { ...message, from, to };
}

/** A filter by an e-mail address, in its normal form when it has one. */
export function addressFilter(address: string | undefined, path: string): string | null {
  const text = textFilter(address, path);
  if (text === null) return null;
  const email = normalizeEmail(text);
  return email.ok ? email.value : text;
}
