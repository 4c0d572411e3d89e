import type { FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { NumberedPage } from "../../operations/paging.ts";

const defaultSize = 50;
const maxSize = 100;

export type PageQuery = Record<string, string | undefined>;

/** The query of a request: of a name that comes twice the last value counts. */
export function queryOf(request: FastifyRequest): PageQuery {
  const fields = Object.entries(request.query as Record<string, string | string[]>);
  return Object.fromEntries(fields.map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value]));
}

/** Which page is asked for. A size that cannot be is the usual one, as there. Throws `route_not_found` for a page that cannot be. */
export function readPage({ page = "1", page_size: size = "" }: PageQuery): { page: number; pageSize: number } {
  const pageSize = /^[1-9]\d{0,8}$/.test(size) ? Math.min(Number(size), maxSize) : defaultSize;
  if (!/^[1-9]\d{0,8}$/.test(page)) throw invalidPage();
  return { page: Number(page), pageSize };
}

type Numbers = { page: number; pageSize: number };

/** A page in the form of this API, with the addresses of the one before and the one behind it. */
export function showPage<Row, Shown>(
  request: FastifyRequest,
  { data, count, page, pageSize }: NumberedPage<Row> & Numbers,
  show: (row: Row) => Shown,
) {
  if (data.length === 0 && page > 1) throw invalidPage();
  return {
    count,
    next: page * pageSize < count ? addressOf(request, page + 1) : null,
    previous: page > 1 ? addressOf(request, page - 1) : null,
    results: data.map(show),
  };
}

function addressOf(request: FastifyRequest, page: number): string {
  const [path = "", query = ""] = request.url.split("?", 2);
  const fields = new URLSearchParams(query);
  if (page === 1) fields.delete("page");
  else fields.set("page", String(page));
  const text = fields.toString();
  return `${request.protocol}://${request.host}${path}${text === "" ? "" : `?${text}`}`;
}

function invalidPage(): AppError {
  return new AppError("route_not_found", "Invalid page.", { detail: { says: "Invalid page." } });
}
