import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import {
  countAllSuppressions,
  listSuppressions,
  suppressAddresses,
  unsuppressAddresses,
} from "../../operations/suppressions.ts";
import type { DoorContext } from "../door.ts";
import { hidden, instantText, total } from "./answers.ts";
import { naming, pageFields, readQuery } from "./read.ts";

const search = z.object({ ...pageFields, query_string: z.string().max(500).optional() });
const blocking = z.object({
  email: z.string("must be an e-mail address").max(512),
  type: z.string("must be a word").max(64).default("manual"),
});
const names: Readonly<Record<string, string>> = { "emails[0]": "email", reason: "type" };

/** Addresses that nothing is sent to: the workspace's suppressions of e-mail. */
export function serveBlockings(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/blockings", hidden, async (request) => {
    const { query_string: part, offset, limit } = readQuery(request, search);
    const rows = await listSuppressions(platform, callerOf(request), { part, offset, limit });
    return rows.map(({ address, reason, createdAt }) => ({
      ...{ email: address, type: reason, creation_time: instantText(createdAt) },
    }));
  });

  app.get("/blockings/count", hidden, async (request) => {
    const { query_string: part } = readQuery(request, search);
    return total(await countAllSuppressions(platform, callerOf(request), { part }));
  });

  app.post("/blockings", hidden, async (request) => {
    const { email, type: reason } = readQuery(request, blocking);
    const block = () =>
      suppressAddresses(platform, callerOf(request), { emails: [email], reason, source: "emailchef" });
    const [address] = await naming((path) => names[path] ?? path, block);
    return { status: "OK", email: address };
  });

  app.delete("/blockings/:email", hidden, async (request) => {
    const { email } = request.params as { email: string };
    const [address] = await unsuppressAddresses(platform, callerOf(request), { emails: [email] });
    if (address === undefined) throw new AppError("suppression_not_found");
    return { status: "OK", email: address };
  });
}
