import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { openSession } from "../../operations/access-tokens.ts";
import type { DoorContext } from "../door.ts";
import { hidden } from "./answers.ts";
import { readInstance } from "./read.ts";

const login = z.object({
  username: z.string("must be the id of an API key").min(1, "must be the id of an API key").max(512),
  password: z.string("must be the API key").min(1, "must be the API key").max(512),
});

/** The log-in: the id of an API key as user name and the key as password, for a session key that is good as long as the key. */
export function serveLogin(app: FastifyInstance, context: DoorContext): void {
  app.post("/api/login", hidden, async (request, reply) => {
    const { username: id, password: secret } = readInstance(request, login);
    const caller = await context.identify(request, { id, secret });
    reply.header("cache-control", "no-store");
    return { status: "OK", authkey: await openSession(context.platform, caller, secret) };
  });
}
