import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { serveParent } from "./child.ts";

// The limit of ingest: a handler that only answers.
const app = Fastify();
app.post("/v1/events", async (_request, reply) => {
  reply.code(202);
  return { result: true };
});
await app.listen({ port: 0, host: "127.0.0.1" });
serveParent({ port: (app.server.address() as AddressInfo).port }, () => ({}));
