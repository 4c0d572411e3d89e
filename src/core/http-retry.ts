import type { HttpReason, HttpRequest } from "./http-request.ts";

const safeToRepeat = new Set(["GET", "HEAD", "PUT", "DELETE"]);
const passingReasons = new Set<HttpReason>(["timeout", "refused", "unreachable", "dns"]);
// RFC 9110 and 6585: too slow a request, too early, too many; and all errors of the server.
const passingStatuses = new Set([408, 425, 429]);

/** True when a failure of this reason usually passes. */
export function isPassingReason(reason: HttpReason): boolean {
  return passingReasons.has(reason);
}

/** True for a status that says: the same request may go through later. */
export function isPassingStatus(status: number): boolean {
  return passingStatuses.has(status) || status >= 500;
}

/** A failed attempt, by number from 1. `sent`: the request may have reached the other side. */
export type FailedAttempt = { retryable: boolean; sent: boolean; attempt: number };

/** True when a request is to be sent again: it may help, it does no harm, and the retries are not used up. */
export function mayRepeat(
  { method, retries, retryUnsafe }: Pick<HttpRequest, "method" | "retries" | "retryUnsafe">,
  { retryable, sent, attempt }: FailedAttempt,
): boolean {
  return retryable && (safeToRepeat.has(method) || retryUnsafe || !sent) && attempt <= retries;
}
