import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { readCallBody, readForm } from "../read-body.ts";

const maxFields = 500;

/** Takes JSON, urlencoded and multipart bodies in this scope. */
export async function acceptBodies(app: FastifyInstance): Promise<void> {
  app.removeAllContentTypeParsers();
  await app.register(multipart, {
    limits: { fields: maxFields, parts: maxFields, fieldNameSize: 200, fieldSize: 1_000_000 },
  });
  app.addContentTypeParser<Buffer>("*", { parseAs: "buffer" }, (request, bytes, done) => {
    try {
      done(null, readCallBody(bytes, request.headers["content-type"] ?? ""));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** The fields of a body as `schema` reads them. Throws `invalid_request` with every field that breaks a rule. */
export async function readFields<Schema extends z.ZodType>(
  request: FastifyRequest,
  schema: Schema,
): Promise<z.output<Schema>> {
  const body = request.isMultipart() ? await readForm(request) : ((request.body ?? {}) as Json);
  if (!isJsonObject(body))
    throw new AppError("invalid_request", undefined, {
      issues: [{ path: "", message: "Invalid data. Expected a dictionary." }],
    });
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new AppError("invalid_request", undefined, { issues: issuesOf(parsed.error) });
  return parsed.data;
}
