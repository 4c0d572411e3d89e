import type { Json } from "./json.ts";

/** One broken rule: which field, and what it should be. `path` reads like `events[3].email`. */
export type Issue = { path: string; message: string; line?: number; column?: number };

type ErrorEntry = { status: number; retry: boolean; title: string };

/**
 * Everything that a caller can meet at an edge. `retry` says whether the same request may succeed later.
 * docs/reference/errors.md is made from this table.
 */
export const errorTable = {
  invalid_request: { status: 422, retry: false, title: "A field breaks a rule." },
  invalid_json: { status: 400, retry: false, title: "The body is not valid JSON." },
  unsupported_content_type: { status: 415, retry: false, title: "The content type is not supported here." },
  body_too_large: { status: 413, retry: false, title: "The body is larger than the limit." },
  unauthorized: { status: 401, retry: false, title: "A valid API key is needed." },
  forbidden: { status: 403, retry: false, title: "The API key lacks the scope for this." },
  route_not_found: { status: 404, retry: false, title: "There is no such path." },
  method_not_allowed: { status: 405, retry: false, title: "This path does not take that method." },
  contact_not_found: { status: 404, retry: false, title: "There is no such contact." },
  list_not_found: { status: 404, retry: false, title: "There is no such list." },
  list_field_not_found: { status: 404, retry: false, title: "There is no such field of a list." },
  segment_not_found: { status: 404, retry: false, title: "There is no such segment." },
  flow_not_found: { status: 404, retry: false, title: "There is no such flow." },
  automation_not_found: { status: 404, retry: false, title: "There is no such automation." },
  flow_version_not_found: { status: 404, retry: false, title: "There is no such version of the flow." },
  ab_test_not_found: { status: 404, retry: false, title: "There is no such A/B test in the published flow." },
  run_not_found: { status: 404, retry: false, title: "There is no such run." },
  broadcast_not_found: { status: 404, retry: false, title: "There is no such broadcast." },
  start_list_not_found: { status: 404, retry: false, title: "There is no such start." },
  job_not_found: { status: 404, retry: false, title: "There is no such job." },
  message_not_found: { status: 404, retry: false, title: "There is no such message." },
  suppression_not_found: { status: 404, retry: false, title: "The address is not suppressed." },
  event_not_found: { status: 404, retry: false, title: "There is no such event." },
  event_definition_not_found: { status: 404, retry: false, title: "There is no such event definition." },
  event_definition_exists: { status: 409, retry: false, title: "An event definition of that name exists." },
  api_key_not_found: { status: 404, retry: false, title: "There is no such API key." },
  secret_not_found: { status: 404, retry: false, title: "There is no such secret." },
  entry_not_found: { status: 404, retry: false, title: "There is no incoming call at this address." },
  invalid_flow: { status: 422, retry: false, title: "The flow cannot run as it is." },
  invalid_migration: { status: 422, retry: false, title: "The runs cannot be moved as asked." },
  invalid_state: { status: 409, retry: false, title: "The state of the resource does not allow this." },
  list_exists: { status: 409, retry: false, title: "A list of that name exists." },
  segment_exists: { status: 409, retry: false, title: "A segment of that name exists." },
  segment_in_use: { status: 409, retry: false, title: "A flow or another segment uses the segment." },
  took_too_long: { status: 422, retry: false, title: "The answer would take longer than the limit." },
  identity_taken: { status: 409, retry: false, title: "The identity belongs to another contact." },
  idempotency_key_reused: { status: 409, retry: false, title: "The Idempotency-Key was used with another body." },
  rate_limited: { status: 429, retry: true, title: "Too many requests." },
  overloaded: { status: 503, retry: true, title: "The server has more work than it can take." },
  unavailable: { status: 503, retry: true, title: "The server is starting, stopping or without its database." },
  internal: { status: 500, retry: true, title: "Something went wrong on our side." },
} satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;

type AppErrorOptions = { issues?: Issue[]; detail?: Record<string, Json>; cause?: unknown; retryAfterSeconds?: number };

/** An error that a caller can meet at an edge: a code from the table, a sentence that says what to do, and the broken rules. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly issues: Issue[];
  readonly detail: Record<string, Json>;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message?: string, options: AppErrorOptions = {}) {
    super(message ?? errorTable[code].title, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.issues = options.issues ?? [];
    this.detail = options.detail ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}
