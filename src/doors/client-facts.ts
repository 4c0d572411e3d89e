import type { FastifyRequest } from "fastify";
import type { JsonObject } from "../core/json.ts";

const maxLength = 300;

/** What is known of who sent a call: address, program and page. */
export function clientOf(request: Pick<FastifyRequest, "ip" | "headers">): JsonObject {
  return {
    ip: request.ip,
    userAgent: storable(request.headers["user-agent"]),
    referer: storable(request.headers.referer),
  };
}

function storable(text: string | undefined): string {
  return text === undefined ? "" : text.slice(0, maxLength).toWellFormed().replaceAll("\0", "");
}
