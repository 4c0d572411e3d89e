import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { connect } from "../../src/storage/database.ts";
import { type BareEvent, createBareIngest } from "./bare-ingest.ts";
import { serveParent } from "./child.ts";

// The limits of ingest: a handler that only answers, and one that does the least that commits a contact and an event first.
const app = Fastify();
app.post("/v1/events", async (_request, reply) => {
  reply.code(202);
  return { result: true };
});
const record = await createBareIngest(connect(process.argv[2] ?? "", { max: 4, applicationName: "bench limit" }));
app.post<{ Body: BareEvent }>("/committed", async (request, reply) => {
  await record(request.body);
  reply.code(202);
  return { result: true };
});
await app.listen({ port: 0, host: "127.0.0.1" });
serveParent({ port: (app.server.address() as AddressInfo).port }, () => ({}));
