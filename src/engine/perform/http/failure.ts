import type { HttpReason } from "../../../core/http-request.ts";
import { isPassingReason } from "../../../core/http-retry.ts";

/** Why there is no answer. `sent`: the request may have reached the other side. `retryable`: the same request may go through later. */
export type Failure = { reason: HttpReason; message: string; sent: boolean; retryable: boolean };

const tlsCode =
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CRL_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|EPROTO$)/;
const reasonsByCode: Record<string, HttpReason> = {
  ADDRESS_BLOCKED: "blocked",
  ECONNREFUSED: "refused",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  EAI_FAIL: "dns",
  ENODATA: "dns",
  ESERVFAIL: "dns",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  UND_ERR_HEADERS_TIMEOUT: "timeout",
  UND_ERR_BODY_TIMEOUT: "timeout",
  UND_ERR_HEADERS_OVERFLOW: "too_large",
  HPE_HEADER_OVERFLOW: "too_large",
  UND_ERR_INVALID_ARG: "invalid_request",
  UND_ERR_NOT_SUPPORTED: "invalid_request",
  ERR_INVALID_CHAR: "invalid_request",
};

/** A failure of the given reason, retryable when that reason usually passes. */
export function failure(reason: HttpReason, message: string, sent = false): Failure {
  return { reason, message, sent, retryable: isPassingReason(reason) };
}

/** Names what went wrong on the network from the error's code; anything unknown counts as `unreachable`. */
export function networkFailure(error: unknown, sent: boolean): Failure {
  const code = codeOf(error);
  const reason = reasonsByCode[code] ?? (tlsCode.test(code) ? "tls" : "unreachable");
  return failure(reason, messageOf(error) || code, sent);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string") return code;
  const first: unknown =
    error instanceof AggregateError ? error.errors[0] : (error as { cause?: unknown } | null)?.cause;
  return first === undefined || first === null ? "" : codeOf(first);
}

function messageOf(error: unknown): string {
  // A connection tried over several addresses fails with one error for each and no message of its own.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
