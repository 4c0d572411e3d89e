import { AppError } from "../core/errors.ts";
import { normalizeEmail } from "../core/message/address.ts";
import {
  countSuppressions,
  deleteSuppression,
  insertSuppressions,
  pageSuppressions,
  type SuppressionRow,
} from "../storage/suppressions.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { textFilter } from "./read-filter.ts";

/** An e-mail address that nothing is sent to any more, and why. */
export type SuppressionView = Pick<SuppressionRow, "address" | "reason" | "source" | "createdAt">;

const channel = "email";

/** A page of the suppressed e-mail addresses, in their order; `part` is found anywhere in an address. */
export async function listSuppressions(
  { sql }: Platform,
  caller: Caller,
  { part, ...page }: { part?: string | undefined; offset: number; limit: number },
): Promise<SuppressionView[]> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const rows = await pageSuppressions(sql, { workspaceId, channel, part: readPart(part), ...page });
  return rows.map(({ address, reason, source, createdAt }) => ({ address, reason, source, createdAt }));
}

/** How many there are. */
export async function countAllSuppressions(
  { sql }: Platform,
  caller: Caller,
  { part }: { part?: string | undefined },
): Promise<number> {
  requireScope(caller, "contacts:read");
  return countSuppressions(sql, { workspaceId: caller.workspaceId, channel, part: readPart(part) });
}

/** Sends nothing to an e-mail address any more; one that is suppressed already keeps its first reason. */
export async function suppressEmail(
  { sql, now }: Platform,
  caller: Caller,
  { address: given, reason }: { address: string; reason: string },
): Promise<{ address: string }> {
  requireScope(caller, "contacts:write");
  const address = readAddress(given);
  if (!/^[\w-]{1,64}$/.test(reason)) throw refused("reason", "must be a word of letters, digits, _ and - (64 at most)");
  const { workspaceId, name } = caller;
  const source = `api:${name}`.slice(0, 200);
  await insertSuppressions(sql, [{ workspaceId, channel, address, reason, source, createdAt: now() }]);
  return { address };
}

/** Lets an e-mail address be written to again. Throws `suppression_not_found`. */
export async function releaseEmail(
  { sql }: Platform,
  caller: Caller,
  { address }: { address: string },
): Promise<{ address: string }> {
  requireScope(caller, "contacts:write");
  const email = normalizeEmail(address);
  const isGone =
    email.ok && (await deleteSuppression(sql, { workspaceId: caller.workspaceId, channel, address: email.value }));
  if (!isGone) throw new AppError("suppression_not_found");
  return { address: email.value };
}

function readPart(part: string | undefined): string | null {
  const text = textFilter(part?.trim().toLowerCase(), "part");
  return text === "" ? null : text;
}

function readAddress(given: string): string {
  const email = normalizeEmail(given);
  if (!email.ok) throw refused("address", email.message);
  return email.value;
}

function refused(path: string, message: string): AppError {
  return new AppError("invalid_request", undefined, { issues: [{ path, message }] });
}
