import type { FastifyRequest } from "fastify";
import type { JsonObject } from "../core/json.ts";

const maxLength = 300;

/** Where a call came from, as the client said so. */
type Sender = { ip: string; agent: string | undefined; page: string | undefined; client: Readonly<JsonObject> };

let last: Sender | null = null;

/** What is known of who sent a call: address, program and page. The same value again for calls of one sender that come one after another. */
export function clientOf({ ip, headers }: Pick<FastifyRequest, "ip" | "headers">): Readonly<JsonObject> {
  const { "user-agent": agent, referer: page } = headers;
  if (last !== null && last.ip === ip && last.agent === agent && last.page === page) return last.client;
  const client = Object.freeze({ ip, userAgent: storable(agent), referer: storable(page) });
  last = { ip, agent, page, client };
  return client;
}

function storable(text: string | undefined): string {
  return text === undefined ? "" : text.slice(0, maxLength).toWellFormed().replaceAll("\0", "");
}
