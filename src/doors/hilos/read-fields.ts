import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";
import { isJsonObject, type Json } from "../../core/json.ts";

/** The fields of a body as `schema` reads them. Throws `invalid_request` with every field that breaks a rule. */
export async function readFields<Schema extends z.ZodType>(
  request: FastifyRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const body = (request.body ?? {}) as Json;
  if (!isJsonObject(body))
    throw new AppError("invalid_request", undefined, {
      issues: [{ path: "", message: "Invalid data. Expected a dictionary." }],
    });
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new AppError("invalid_request", undefined, { issues: issuesOf(parsed.error) });
  return parsed.data;
}
