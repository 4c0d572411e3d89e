import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type LoyaltyApi = { url: string; close(): Promise<void> };

/**
 * A small loyalty system on a free port of this machine: `GET /customers/<id>` answers `{"tier": "gold" | "plain"}`. An id with `flaky` in it
 * gets a 500 the first time, one with `unknown` a 404.
 */
export async function startLoyaltyApi(): Promise<LoyaltyApi> {
  const seen = new Set<string>();
  const server = createServer((request, response) => answer(response, request.url ?? "", seen));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function answer(response: ServerResponse, path: string, seen: Set<string>): void {
  const { status, body } = decide(/^\/customers\/([\w.-]+)$/.exec(path)?.[1] ?? "unknown", seen);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function decide(id: string, seen: Set<string>): { status: number; body: object } {
  if (id.includes("unknown")) return { status: 404, body: { error: "no such customer" } };
  const isFirst = !seen.has(id);
  seen.add(id);
  if (isFirst && id.includes("flaky")) return { status: 500, body: { error: "try again" } };
  return { status: 200, body: { id, tier: id.includes("gold") ? "gold" : "plain" } };
}
