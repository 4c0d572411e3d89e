import type { FastifyInstance } from "fastify";
import {
  listSuppressions,
  suppressAddresses,
  unsubscribed,
  unsuppressAddresses,
} from "../../operations/suppressions.ts";
import type { DoorContext } from "../door.ts";
import { readParameters } from "./parameters.ts";
import { hidden, readEmails, readPage, readText, showDate } from "./values.ts";

const theirOwn = { is: unsubscribed };

type Suppressed = Awaited<ReturnType<typeof listSuppressions>>[number];

/** Who has unsubscribed from everything that is mailed. */
export function serveUnsubscribes(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/smtp/unsubscribe", hidden, async (request) => {
    const { date: _, ...parameters } = await readParameters(request);
    const rows = await listSuppressions(platform, callerOf(request), { ...readPage(parameters), reason: theirOwn });
    return rows.map(showUnsubscribe);
  });
  app.post("/smtp/unsubscribe", hidden, async (request) => {
    const emails = readEmails((await readParameters(request))["emails"]);
    await suppressAddresses(platform, callerOf(request), { emails, reason: unsubscribed, source: "sendpulse" });
    return { result: true };
  });
  app.delete("/smtp/unsubscribe", hidden, async (request) => {
    const emails = readEmails((await readParameters(request))["emails"]);
    await unsuppressAddresses(platform, callerOf(request), { emails, reason: theirOwn });
    return { result: true };
  });
  app.get("/smtp/unsubscribe/search", hidden, async (request) => {
    const addresses = [readText((await readParameters(request))["email"], "email", 906).toLowerCase()];
    const page = { limit: 1, offset: 0, reason: theirOwn, addresses };
    const [found] = await listSuppressions(platform, callerOf(request), page);
    return found ? { found: true, ...showUnsubscribe(found) } : { found: false };
  });
  app.post("/smtp/resubscribe", hidden, async (request) => {
    const { email, emails } = await readParameters(request);
    const given = readEmails(email ?? emails, "email");
    await unsuppressAddresses(platform, callerOf(request), { emails: given, reason: theirOwn });
    return { result: true };
  });
}

/** `source` tells whether a step of a flow did it, as for a click on its link, or a call. */
function showUnsubscribe({ address, source, createdAt }: Suppressed) {
  const byFlow = source.startsWith("flow:") ? 1 : 0;
  return {
    email: address,
    unsubscribe_by_link: byFlow,
    unsubscribe_by_user: 1 - byFlow,
    spam_complaint: 0,
    date: showDate(createdAt),
  };
}
