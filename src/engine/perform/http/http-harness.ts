import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer } from "node:net";
import { httpRequest } from "../../../core/http-request.ts";
import { createHttpPerformer, type HttpCall, type HttpPerformed, type HttpPerformerOptions } from "./http.ts";

export type Seen = { method: string; url: string; headers: IncomingHttpHeaders; body: Buffer };
export type Harness = ReturnType<typeof createHarness>;

/** The instant at which every call of a test is made. */
export const now = new Date("2026-03-01T10:00:00.000Z");

/** Loopback servers and performers for one test; `close` ends all of them. */
export function createHarness() {
  const closers: (() => unknown)[] = [];
  return {
    /** A server that notes each request with its body, and then lets `answer` respond. */
    async serve(answer: RequestListener = (_, response) => response.end()) {
      const seen: Seen[] = [];
      const server = createServer(async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        seen.push({
          method: request.method ?? "",
          url: request.url ?? "",
          headers: request.headers,
          body: Buffer.concat(chunks),
        });
        answer(request, response);
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      closers.push(() => {
        server.close();
        server.closeAllConnections();
      });
      return { seen, server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
    },
    /** A server that answers the first bytes of any connection with `answer`, whatever that is, and hangs up. */
    async serveRaw(answer: string) {
      const server = createRawServer((socket) => {
        socket.on("error", () => socket.destroy());
        socket.once("data", () => socket.end(answer));
      });
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      closers.push(() => server.close());
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    },
    performer(options: Partial<HttpPerformerOptions> = {}) {
      const performer = createHttpPerformer({ allow: ["127.0.0.0/8"], version: "1.2.3", ...options });
      closers.push(() => performer.close());
      return performer;
    },
    async close() {
      for (const closer of closers.splice(0).reverse()) await closer();
    },
  };
}

/** A first attempt at `config`, with what else a test sets. */
export function httpCall(config: object, more: Partial<HttpCall> = {}): HttpCall {
  const parsed = httpRequest.parse({ method: "GET", retries: 0, ...config });
  return {
    key: "run:call:1",
    config: parsed,
    data: {},
    secrets: {},
    attempt: 1,
    createdAt: now,
    now,
    random: 0.5,
    ...more,
  };
}

/** The result of a call that is done; throws for one that wants a retry. */
export function resultOf(performed: HttpPerformed): Record<string, unknown> & { ok: boolean } {
  if (performed.kind !== "answered") throw new Error(JSON.stringify(performed));
  return { ok: performed.answer.ok, ...(performed.answer.result as object) };
}

/** Responds with JSON. */
export function sendJson(
  response: ServerResponse,
  body: object,
  extra: { headers?: Record<string, string>; status?: number } = {},
): void {
  response
    .writeHead(extra.status ?? 200, { "content-type": "application/json", ...extra.headers })
    .end(JSON.stringify(body));
}

/** A request listener that leaves the client waiting. */
export function neverAnswer(): void {
  // Nothing: the request stays open until the client gives up.
}
