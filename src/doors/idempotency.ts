import type { FastifyRequest } from "fastify";
import { AppError } from "../core/errors.ts";
import type { DoorContext } from "./door.ts";

const keyPattern = /^[\x21-\x7e]{1,255}$/;

export type Idempotency = { key: string; hash: string };

/** The Idempotency-Key of a request with the hash of what was asked; undefined without one. Throws `invalid_request` for a bad key. */
export function idempotencyOf(
  request: FastifyRequest,
  { requestHash }: Pick<DoorContext, "requestHash">,
  body?: string,
): Idempotency | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key === "string" && keyPattern.test(key)) return { key, hash: requestHash(request, body) };
  throw new AppError("invalid_request", "The Idempotency-Key cannot be used.", {
    issues: [{ path: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters" }],
  });
}
