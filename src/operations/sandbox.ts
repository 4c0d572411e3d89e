import PostalMime from "postal-mime";
import { AppError } from "../core/errors.ts";
import {
  clearSandbox as clearMessages,
  findSandboxMessage,
  listSandboxMessages,
  type SandboxMessageRow,
} from "../storage/sandbox-messages.ts";
import { addressFilter } from "./messages.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";

export type SandboxMail = { id: string; from: string; to: string; subject: string; receivedAt: Date };

/** The mails that were kept here instead of being sent, newest first. */
export async function listSandbox(
  platform: Platform,
  caller: Caller,
  query: PageInput & { to?: string | undefined },
): Promise<Page<SandboxMail>> {
  requireScope(caller, "messages:read");
  const { before, limit } = readPage(query);
  const rows = await listSandboxMessages(platform.sql, {
    workspaceId: caller.workspaceId,
    to: addressFilter(query.to, "to"),
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(viewMail), limit, ({ id }) => id);
}

export type SandboxMailDetail = SandboxMail & {
  headers: { name: string; value: string }[];
  text: string | null;
  html: string | null;
  raw: Uint8Array;
};

/** One of them, taken apart, and `raw` as it would have been sent. */
export async function getSandboxMessage(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<SandboxMailDetail> {
  requireScope(caller, "messages:read");
  const row = await findSandboxMessage(platform.sql, {
    workspaceId: caller.workspaceId,
    id: knownId(id, "message_not_found"),
  });
  if (!row) throw new AppError("message_not_found");
  const parsed = await PostalMime.parse(new Uint8Array(row.raw));
  const headers = parsed.headers.map(({ originalKey, value }) => ({ name: originalKey, value }));
  return { ...viewMail(row), headers, text: parsed.text ?? null, html: parsed.html ?? null, raw: row.raw };
}

/** Empties the sandbox, and returns how many mails were in it. */
export async function clearSandbox(platform: Platform, caller: Caller): Promise<number> {
  requireScope(caller, "messages:write");
  return clearMessages(platform.sql, caller.workspaceId);
}

function viewMail(row: Omit<SandboxMessageRow, "raw" | "workspaceId">): SandboxMail {
  return { id: row.id, from: row.fromAddress, to: row.toAddress, subject: row.subject, receivedAt: row.receivedAt };
}
