import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import {
  findOwnMessages,
  getOwnMessage,
  listOwnMessages,
  listSenders,
  type OwnMessageQuery,
  totalOwnMessages,
} from "../../operations/own-messages.ts";
import type { Platform } from "../../operations/platform.ts";
import { type SentEmail, sendEmail } from "../../operations/send-email.ts";
import { withIdempotency } from "../../operations/with-idempotency.ts";
import type { DoorContext } from "../door.ts";
import { readParameters, readWireValue } from "./parameters.ts";
import { readMail } from "./read-mail.ts";
import { showBounce, showRecord } from "./smtp-record.ts";
import { broken, hidden, readDate, readPage } from "./values.ts";

const maxIds = 500;
const dayMs = 86_400_000;

/** Mails one by one: sending, what became of them, who sends. */
export function serveSmtp(app: FastifyInstance, context: DoorContext): void {
  serveSending(app, context);
  serveRecords(app, context);
  serveBounces(app, context);
  serveSenders(app, context);
}

function serveSending(app: FastifyInstance, context: DoorContext): void {
  app.post("/smtp/emails", hidden, async (request, reply) => {
    const mail = readMail((await readParameters(request))["email"]);
    const { messages } = await once(context, { request, reply }, (platform) =>
      sendEmail(platform, context.callerOf(request), mail),
    );
    // One id for each recipient; SendPulse's clients know one for all.
    return { result: true, id: messages[0]?.id ?? "", ids: messages.map(({ id }) => id) };
  });
}

/** Sends once for each Idempotency-Key, where one is given. */
async function once(
  { platform, callerOf, requestHash }: DoorContext,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  act: (platform: Platform) => Promise<SentEmail>,
): Promise<SentEmail> {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return act(platform);
  if (typeof key !== "string" || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw broken("Idempotency-Key", "must be 1 to 255 visible ASCII characters");
  const { workspaceId } = callerOf(request);
  const repeatable = { workspaceId, operation: "sendpulse-smtp", key, hash: requestHash(request) };
  const kept = await withIdempotency(platform, repeatable, async (within) => ({
    status: 200,
    response: await act(within),
  }));
  if (kept.replayed) reply.header("idempotent-replayed", "true");
  return kept.response as SentEmail;
}

function serveRecords(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/smtp/emails", hidden, async (request) => {
    const parameters = await readParameters(request);
    const query = { ...readFilter(parameters), ...readPage(parameters) };
    return (await listOwnMessages(platform, callerOf(request), query)).map(showRecord);
  });
  app.get("/smtp/emails/total", hidden, async (request) => {
    const query = readFilter(await readParameters(request));
    return { total: await totalOwnMessages(platform, callerOf(request), query) };
  });
  app.post("/smtp/emails/info", hidden, async (request) => {
    const { emails, ids } = await readParameters(request);
    const found = await findOwnMessages(platform, callerOf(request), { ids: readIds(emails ?? ids) });
    return found.map(showRecord);
  });
  app.get<{ Params: { id: string } }>("/smtp/emails/:id", hidden, async (request) =>
    showRecord(await getOwnMessage(platform, callerOf(request), request.params.id)),
  );
}

function serveBounces(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/smtp/bounces/day", hidden, async (request) => {
    const parameters = await readParameters(request);
    const { limit, offset } = readPage(parameters);
    const day = dayOf(parameters, platform.now());
    const caller = callerOf(request);
    const total = await totalOwnMessages(platform, caller, day);
    const found = await listOwnMessages(platform, caller, { ...day, limit, offset });
    return { total, emails: found.map(showBounce), request_limit: limit, found: found.length };
  });
  app.get("/smtp/bounces/day/total", hidden, async (request) => {
    const day = dayOf(await readParameters(request), platform.now());
    return { total: await totalOwnMessages(platform, callerOf(request), day) };
  });
}

/** Which addresses the mails go out from is the relay's affair, and so is whether a domain may: nothing is verified here. */
function serveSenders(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get("/smtp/ips", hidden, async () => []);
  app.get("/smtp/senders", hidden, async (request) => listSenders(platform, callerOf(request)));
  app.get("/smtp/domains", hidden, async (request) => {
    const senders = await listSenders(platform, callerOf(request));
    return [...new Set(senders.map((address) => address.slice(address.lastIndexOf("@") + 1)))];
  });
  app.get("/senders", hidden, async (request) => {
    const senders = await listSenders(platform, callerOf(request));
    return senders.map((email) => ({ name: "", email, status: "Active" }));
  });
}

function readFilter({ from, to, sender, recipient }: JsonObject): OwnMessageQuery {
  const until = readDate(to, "to");
  const isDay = typeof to === "string" && to.trim().length === 10;
  return {
    since: readDate(from, "from"),
    // A day is included whole.
    until: until && new Date(until.getTime() + (isDay ? dayMs : 1)),
    from: textOf(sender, "sender"),
    to: textOf(recipient, "recipient"),
  };
}

function dayOf({ date }: JsonObject, now: Date): OwnMessageQuery {
  const since = readDate(date, "date") ?? new Date(Math.floor(now.getTime() / dayMs) * dayMs);
  return { status: "bounced", since, until: new Date(since.getTime() + dayMs) };
}

function readIds(value: Json | undefined): string[] {
  const ids = readWireValue(value, "emails");
  if (!Array.isArray(ids) || ids.length === 0) throw broken("emails", "must be a list of ids");
  if (ids.length > maxIds) throw broken("emails", `must be at most ${maxIds} ids`);
  return ids.map(String);
}

function textOf(value: Json | undefined, path: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value === "string") return value;
  throw new AppError("invalid_request", undefined, { issues: [{ path, message: "must be text" }] });
}
