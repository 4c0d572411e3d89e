import type { FastifyInstance, FastifyRequest } from "fastify";
import { requireAutomation } from "../../operations/automation-id.ts";
import { requireScope } from "../../operations/platform.ts";
import { upsertContacts } from "../../operations/upsert-contacts.ts";
import type { DoorContext } from "../door.ts";
import { readCallBody } from "../read-body.ts";
import { answerErrors } from "./errors.ts";
import { aboutPhones, readContactsBody } from "./read-contacts.ts";

const contactsPath = "/api/contacts/:automationId/whatsapp";

/** Chatfuel's API for contacts: up to 1,000 phones a call, and one set of properties for all. */
export async function serveChatfuel(app: FastifyInstance, context: DoorContext): Promise<void> {
  const { platform, callerOf } = context;
  answerErrors(app, context);
  // JSON under any content type: there is nothing else that a caller could mean.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("*", { parseAs: "buffer" }, (_request, bytes, done) => done(null, bytes));

  const route = { schema: { hide: true }, onRequest: context.requireCaller("bearer") };
  app.post(contactsPath, route, async (request: FastifyRequest) => {
    const caller = callerOf(request);
    requireScope(caller, "contacts:write");
    const { automationId } = request.params as { automationId: string };
    await requireAutomation(platform, caller, automationId);
    const { phones, contacts } = readContactsBody(readCallBody((request.body as Buffer) ?? Buffer.alloc(0), ""));
    const { results } = await upsertContacts(platform, caller, { contacts }).catch((error) => {
      throw aboutPhones(error, phones);
    });
    return { success: true, ...answer(phones, results) };
  });
}

type Results = Awaited<ReturnType<typeof upsertContacts>>["results"];

/** What came of each phone, as it was given and in the order given, and how many of each. */
function answer(phones: readonly string[], results: Results) {
  const counts = { created: 0, updated: 0, unchanged: 0 };
  const contacts = results.map((result, index) => {
    // Without `partial` a refused one has refused all.
    if (result.status === "refused") throw new Error("A refused contact has come through.");
    counts[result.status] += 1;
    return { phone: phones[index], status: result.status, contact_id: result.contactId };
  });
  return { ...counts, contacts };
}
