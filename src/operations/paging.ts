import { AppError, type Issue } from "../core/errors.ts";
import { isUuid } from "../core/id.ts";

/** One page of a list; `nextCursor` leads to the next one, and is null on the last. */
export type Page<Row> = { data: Row[]; nextCursor: string | null };
export type PageInput = { cursor?: string | null | undefined; limit?: number | undefined };

const defaultLimit = 50;
const maxLimit = 200;

/** Reads where a page begins and how long it is. Throws `invalid_request` for a cursor that we did not make. */
export function readPage({ cursor, limit = defaultLimit }: PageInput): { before: string | null; limit: number } {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new AppError("invalid_request", undefined, {
      issues: [{ path: "limit", message: `must be a whole number from 1 to ${maxLimit}` }],
    });
  }
  if (cursor === undefined || cursor === null || cursor === "") return { before: null, limit };
  const before = Buffer.from(cursor, "base64url").toString("latin1");
  if (isUuid(before)) return { before, limit };
  throw new AppError("invalid_request", undefined, {
    issues: [{ path: "cursor", message: "must be the nextCursor of an earlier page" }],
  });
}

/** Makes a page of rows that were read with `limit + 1`: the row too many only says that there is more. */
export function makePage<Row>(rows: readonly Row[], limit: number, idOf: (row: Row) => string): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { data, nextCursor: hasMore ? Buffer.from(idOf(last), "latin1").toString("base64url") : null };
}

/** A page by its number, from 1. */
export type NumberedPageInput = { page?: number | undefined; pageSize?: number | undefined };

/** A page by its number, and how many rows there are in all. */
export type NumberedPage<Row> = { data: Row[]; count: number };

const maxPageSize = 100;
/** Rows before a page are counted off one by one; whoever goes on from here reads by cursor. */
const maxOffset = 100_000;

/** Reads which part of a list a numbered page is. Throws `invalid_request`. */
export function readNumberedPage({ page = 1, pageSize = defaultLimit }: NumberedPageInput): {
  offset: number;
  limit: number;
} {
  const issues: Issue[] = [];
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > maxPageSize)
    issues.push({ path: "pageSize", message: `must be a whole number from 1 to ${maxPageSize}` });
  const offset = (page - 1) * pageSize;
  if (!Number.isInteger(page) || page < 1 || offset > maxOffset)
    issues.push({
      path: "page",
      message: `must be a whole number from 1, and lead to one of the first ${maxOffset} rows`,
    });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return { offset, limit: pageSize };
}
