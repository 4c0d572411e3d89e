import { openSync, writeSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { serveParent } from "./child.ts";

// An API to call: answers {"tier": "gold"} to an odd `number`, {"tier": "plain"} to others. `--append FILE` writes the Idempotency-Key of
// each call as a line before answering.
const { values } = parseArgs({ options: { append: { type: "string" } } });
const file = values.append === undefined ? null : openSync(values.append, "a");
const counts = { calls: 0 };

const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += chunk;
  });
  request.on("end", () => answer(request, response, body));
});

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  counts.calls += 1;
  if (file !== null) writeSync(file, `${request.headers["idempotency-key"] ?? ""}\n`);
  const { number } = JSON.parse(body) as { number: number };
  const text = JSON.stringify({ tier: number % 2 === 1 ? "gold" : "plain", points: 1250 });
  response.writeHead(200, { "content-type": "application/json", "content-length": text.length }).end(text);
}

server.listen(0, "127.0.0.1", () => serveParent({ port: (server.address() as AddressInfo).port }, () => counts));
