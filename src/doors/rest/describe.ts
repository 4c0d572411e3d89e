import type { FastifySchema } from "fastify";
import { z } from "zod";
import { type ErrorCode, errorTable } from "../../core/errors.ts";

const issueSchema = z.object({
  path: z.string(),
  message: z.string(),
  line: z.int().optional(),
  column: z.int().optional(),
});

const problemSchema = z
  .object({
    type: z.string().describe("Where the code is explained."),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().describe("One of the stable words at /docs/errors."),
    requestId: z.string(),
    issues: z.array(issueSchema).optional().describe("Every broken field with its rule."),
    context: z.record(z.string(), z.unknown()).optional().describe("Facts that bear on it."),
  })
  .meta({ id: "Problem", description: "A problem document (RFC 9457)." });

const always: readonly ErrorCode[] = ["unauthorized", "forbidden", "rate_limited", "invalid_request"];
const withBody: readonly ErrorCode[] = ["invalid_json", "unsupported_content_type", "body_too_large"];

type Description = {
  tag: string;
  summary: string;
  description?: string;
  /** Codes beside those that every call can meet. */
  errors?: readonly ErrorCode[];
  hasBody?: boolean;
  isIdempotent?: boolean;
};

type Described = Pick<FastifySchema, never> & { summary: string; tags: string[]; description?: string };

/** What the reference says of a route besides its schemas. */
export function describe({ tag, summary, description, isIdempotent = false }: Description): Described {
  const note = isIdempotent
    ? "With an `Idempotency-Key` header the same request may be sent again: it is done once, and answered as the first was (`Idempotent-Replayed: true`)."
    : "";
  const text = [description, note].filter(Boolean).join("\n\n");
  return { tags: [tag], summary, ...(text === "" ? {} : { description: text }) };
}

/**
 * The answers with which a route can refuse, by status, for the reference. Typed as nothing: what a handler returns is
 * checked against the answers of success alone.
 */
export function refusals({
  errors = [],
  hasBody = false,
  isIdempotent = false,
}: Omit<Description, "tag" | "summary">): Record<never, never> {
  const repeated: ErrorCode[] = isIdempotent ? ["idempotency_key_reused"] : [];
  const codes = [...always, ...(hasBody ? withBody : []), ...repeated, ...errors];
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, list]) => [status, refusal(list)]));
}

function refusal(codes: readonly ErrorCode[]) {
  const description = codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join(" ");
  return { description, content: { "application/problem+json": { schema: problemSchema } } };
}
