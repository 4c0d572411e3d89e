import type { FastifyInstance, FastifyRequest } from "fastify";
import {
  listSuppressions,
  suppressAddresses,
  unsubscribed,
  unsuppressAddresses,
} from "../../operations/suppressions.ts";
import type { DoorContext } from "../door.ts";
import { readBase64, readParameters } from "./parameters.ts";
import { hidden, readEmails, readPage, readText } from "./values.ts";

/** Addresses that nothing is sent to for a reason that is not their owner's: the others are in `/smtp/unsubscribe`. */
const notTheirOwn = { isNot: unsubscribed };

/** The blacklist, whose addresses come as base64 of a text with commas between them. */
export function serveBlacklist(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/blacklist", hidden, async (request) => {
    const page = readPage(await readParameters(request));
    const rows = await listSuppressions(platform, callerOf(request), { ...page, reason: notTheirOwn });
    return rows.map(({ address }) => address);
  });
  app.post("/blacklist", hidden, async (request) => {
    await suppressAddresses(platform, callerOf(request), {
      emails: await addressesOf(request),
      reason: "blacklisted",
      source: "sendpulse",
    });
    return { result: true };
  });
  app.delete("/blacklist", hidden, async (request) => {
    const emails = await addressesOf(request);
    await unsuppressAddresses(platform, callerOf(request), { emails, reason: notTheirOwn });
    return { result: true };
  });
}

async function addressesOf(request: FastifyRequest): Promise<string[]> {
  const { emails } = await readParameters(request);
  if (typeof emails !== "string") return readEmails(emails);
  const text = readText(emails, "emails");
  // No base64 has an @: then they were not encoded.
  return readEmails(text.includes("@") ? text : readBase64(text, "emails"));
}
