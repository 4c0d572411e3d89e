import type { FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";

/**
 * The Python client sends `Bearer b'token'` from its file storage and asks for a new token after 401. That is nobody's guess at a key,
 * and is not counted as one.
 */
export async function refusePythonToken({ headers }: FastifyRequest): Promise<void> {
  if (/^bearer\s+b'.*'$/i.test(headers.authorization ?? "")) throw new AppError("unauthorized");
}
