import { AppError, type Issue } from "../core/errors.ts";
import { normalizeEmail } from "../core/message/address.ts";
import {
  countSuppressions,
  insertSuppressions,
  pageSuppressions,
  removeSuppressions,
  type SuppressionFilter,
  type SuppressionRow,
} from "../storage/suppressions.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { textFilter } from "./read-filter.ts";

/** The reason of those who asked for it themselves; every other reason is somebody else's. */
export const unsubscribed = "unsubscribed";

export const maxSuppressionsAtOnce = 10_000;

/** An e-mail address that nothing is sent to any more, and why. */
export type SuppressionView = Omit<SuppressionRow, "workspaceId" | "channel">;
type Reason = SuppressionFilter["reason"];
/** `part` is found anywhere in an address; with `addresses` only what is known of those. */
type Query = { part?: string | undefined; reason?: Reason; addresses?: readonly string[] | undefined };

/** A page of the suppressed e-mail addresses, the newest first. */
export async function listSuppressions(
  platform: Platform,
  caller: Caller,
  { limit, offset, ...query }: Query & { limit: number; offset: number },
): Promise<SuppressionView[]> {
  requireScope(caller, "contacts:read");
  return pageSuppressions(platform.sql, { ...filterOf(caller, query), limit, offset });
}

/** How many there are. */
export async function countAllSuppressions(platform: Platform, caller: Caller, query: Query): Promise<number> {
  requireScope(caller, "contacts:read");
  return countSuppressions(platform.sql, filterOf(caller, query));
}

/** Sends nothing to these e-mail addresses any more, and returns them in their normal form. Those suppressed already keep their reason. */
export async function suppressAddresses(
  platform: Platform,
  caller: Caller,
  { emails, reason, source }: { emails: readonly string[]; reason: string; source: string },
): Promise<string[]> {
  requireScope(caller, "contacts:write");
  if (!/^[\w-]{1,64}$/.test(reason)) throw refused("reason", "must be a word of letters, digits, _ and - (64 at most)");
  const { workspaceId } = caller;
  const createdAt = platform.now();
  const addresses = readAddresses(emails);
  const rows = addresses.map((address) => ({ workspaceId, channel: "email", address, reason, source, createdAt }));
  if (rows.length > 0) await insertSuppressions(platform.sql, rows);
  return addresses;
}

/** Lets these e-mail addresses be written to again, those of a reason only when one is given. Returns those that were suppressed. */
export async function unsuppressAddresses(
  platform: Platform,
  caller: Caller,
  { emails, reason }: { emails: readonly string[]; reason?: Reason },
): Promise<string[]> {
  requireScope(caller, "contacts:write");
  const addresses = readAddresses(emails);
  return removeSuppressions(platform.sql, { workspaceId: caller.workspaceId, channel: "email", reason, addresses });
}

function filterOf({ workspaceId }: Caller, { part, ...query }: Query): SuppressionFilter {
  const text = textFilter(part?.trim().toLowerCase(), "part");
  return { ...query, workspaceId, channel: "email", part: text === null || text === "" ? undefined : text };
}

/** Addresses in their normal form, each once. Throws `invalid_request` with every one that is none. */
function readAddresses(emails: readonly string[]): string[] {
  if (emails.length > maxSuppressionsAtOnce) throw refused("emails", `must be at most ${maxSuppressionsAtOnce}`);
  const read = emails.map(normalizeEmail);
  const issues: Issue[] = read.flatMap((email, index) =>
    email.ok ? [] : [{ path: `emails[${index}]`, message: email.message }],
  );
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues: issues.slice(0, 100) });
  return [...new Set(read.flatMap((email) => (email.ok ? [email.value] : [])))];
}

function refused(path: string, message: string): AppError {
  return new AppError("invalid_request", undefined, { issues: [{ path, message }] });
}
