import { AppError } from "../core/errors.ts";
import { isUuid } from "../core/id.ts";
import type { Json } from "../core/json.ts";
import { normalizeEmail } from "../core/message/address.ts";
import {
  countOwnMessages,
  loadLives,
  type OwnMessageFilter,
  type OwnMessageRow,
  pageOwnMessages,
  recentSenders,
} from "../storage/own-messages.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** A mail that no flow asked for, with what servers answered and what its receiver did, the oldest first. */
export type OwnMessage = Omit<OwnMessageRow, "lane"> & { life: { type: string; at: Date; detail: Json }[] };

export type OwnMessageQuery = Omit<OwnMessageFilter, "workspaceId" | "ids">;

/** The newest mails that are asked for who sent them. */
const sampledMails = 10_000;

/** Mails that no flow asked for, the newest first; `until` is excluded. */
export async function listOwnMessages(
  platform: Platform,
  caller: Caller,
  query: OwnMessageQuery & { limit: number; offset: number },
): Promise<OwnMessage[]> {
  requireScope(caller, "messages:read");
  return withLives(
    platform,
    await pageOwnMessages(platform.sql, { ...readFilter(query), ...pageOf(query), ...of(caller) }),
  );
}

/** How many there are of them. */
export async function totalOwnMessages(platform: Platform, caller: Caller, query: OwnMessageQuery): Promise<number> {
  requireScope(caller, "messages:read");
  return countOwnMessages(platform.sql, { ...readFilter(query), ...of(caller) });
}

/** Those of these ids that there are, in the order of the ids. */
export async function findOwnMessages(
  platform: Platform,
  caller: Caller,
  { ids }: { ids: readonly string[] },
): Promise<OwnMessage[]> {
  requireScope(caller, "messages:read");
  const known = [...new Set(ids)].filter(isUuid);
  if (known.length === 0) return [];
  const rows = await pageOwnMessages(platform.sql, { ids: known, limit: known.length, offset: 0, ...of(caller) });
  const byId = new Map((await withLives(platform, rows)).map((message) => [message.id, message]));
  return known.flatMap((id) => byId.get(id) ?? []);
}

/** The same for one. Throws `message_not_found`. */
export async function getOwnMessage(platform: Platform, caller: Caller, id: string): Promise<OwnMessage> {
  const [message] = await findOwnMessages(platform, caller, { ids: [id] });
  if (!message) throw new AppError("message_not_found");
  return message;
}

/** The senders of the newest mails, each once. */
export async function listSenders(platform: Platform, caller: Caller): Promise<string[]> {
  requireScope(caller, "messages:read");
  return recentSenders(platform.sql, { workspaceId: caller.workspaceId, sample: sampledMails });
}

async function withLives({ sql }: Platform, rows: readonly OwnMessageRow[]): Promise<OwnMessage[]> {
  if (rows.length === 0) return [];
  const messages = new Map(rows.map(({ lane: _, ...row }): [string, OwnMessage] => [row.id, { ...row, life: [] }]));
  for (const { messageId, ...event } of await loadLives(sql, rows)) messages.get(messageId)?.life.push(event);
  return [...messages.values()];
}

/** Addresses in their normal form; one that is none fits nothing. */
function readFilter({ since, until, status, from, to }: OwnMessageQuery): OwnMessageQuery {
  const address = (text: string | undefined) => {
    if (text === undefined) return undefined;
    const read = normalizeEmail(text);
    return read.ok ? read.value : "";
  };
  return { since, until, status, from: address(from), to: address(to) };
}

function pageOf({ limit, offset }: { limit: number; offset: number }) {
  return { limit, offset };
}

function of({ workspaceId }: Caller): { workspaceId: string } {
  return { workspaceId };
}
