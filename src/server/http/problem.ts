import { AppError, type ErrorCode, errorTable, type Issue } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";

/** A problem document of RFC 9457, with our members beside the standard ones. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  requestId: string;
  issues?: Issue[];
  context?: Record<string, Json>;
};

export type ProblemContext = { instance: string; requestId: string; publicUrl: string | null };

/** The problem document for an error that a caller can meet. */
export function makeProblem(error: AppError, { instance, requestId, publicUrl }: ProblemContext): Problem {
  return {
    type: `${publicUrl?.replace(/\/+$/, "") ?? ""}/docs/errors#${error.code}`,
    title: errorTable[error.code].title,
    status: error.status,
    detail: error.message,
    instance,
    code: error.code,
    requestId,
    ...(error.issues.length === 0 ? {} : { issues: error.issues }),
    // Under a name of its own: a fact such as a status must not lie over a member of the standard.
    ...(Object.keys(error.detail).length === 0 ? {} : { context: error.detail }),
  };
}

/** The error as one of the table: our own as they are, those of the HTTP framework translated, anything else `internal`. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const translated = translate(code, error);
  if (translated) return translated;
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500)
    return new AppError("invalid_request", "The request is malformed.", { cause: error });
  return new AppError("internal", "Something went wrong on our side; the log has more under the request id.", {
    cause: error,
  });
}

function translate(code: string, cause: unknown): AppError | null {
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
    case "FST_REQ_FILE_TOO_LARGE":
    case "FST_PARTS_LIMIT":
    case "FST_FIELDS_LIMIT":
    case "FST_FILES_LIMIT":
      return new AppError("body_too_large", undefined, { cause });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
    case "FST_ERR_ROUTE_MISSING_CONTENT_TYPE":
      return new AppError("unsupported_content_type", "Send the body as application/json.", { cause });
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return new AppError("invalid_request", "The body is not as long as Content-Length says.", { cause });
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new AppError("route_not_found", "The path is not validly encoded, or a part of it is too long.", {
        cause,
      });
    default:
      return isLostDatabase(code) ? new AppError("unavailable", undefined, { cause, retryAfterSeconds: 1 }) : null;
  }
}

/** The client's own codes, those of the socket, and SQLSTATE classes 08 (connection), 53 (resources) and 57P (shutdown). */
function isLostDatabase(code: string): boolean {
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONNREFUSED|ECONNRESET|EPIPE|08|53|57P)/.test(code);
}
