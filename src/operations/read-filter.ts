import { isStorableText } from "../core/condition/storable-text.ts";
import { AppError, type ErrorCode } from "../core/errors.ts";
import { isUuid } from "../core/id.ts";

/** `id` when it is a UUID; else there can be nothing of that id, and the error of `code` is thrown. */
export function knownId(id: string, code: ErrorCode): string {
  if (isUuid(id)) return id;
  throw new AppError(code);
}

/** A filter by an id: throws `invalid_request` when it is none. */
export function idFilter(id: string | undefined, path: string): string | null {
  if (id === undefined) return null;
  if (isUuid(id)) return id;
  throw new AppError("invalid_request", undefined, { issues: [{ path, message: "must be a UUID" }] });
}

/** A filter by a text: throws `invalid_request` for what PostgreSQL cannot keep, and so cannot look for. */
export function textFilter(text: string | undefined, path: string): string | null {
  if (text === undefined) return null;
  if (isStorableText(text)) return text;
  throw new AppError("invalid_request", undefined, {
    issues: [{ path, message: "must not contain U+0000 or half of a surrogate pair" }],
  });
}

/** A filter by an instant: throws `invalid_request` outside the years 1 to 9999, which PostgreSQL and ISO 8601 both write. */
export function instantFilter(at: Date | undefined, path: string): Date | null {
  if (at === undefined) return null;
  if (isStorableInstant(at)) return at;
  throw new AppError("invalid_request", undefined, {
    issues: [{ path, message: "must be an instant in the years 1 to 9999" }],
  });
}

/** True for instants in the years 1 to 9999. */
export function isStorableInstant(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 1 && year <= 9999;
}
