import type { FastifyInstance, FastifyRequest } from "fastify";
import { findByEmail, listTags } from "../../operations/people.ts";
import { upsertContacts } from "../../operations/upsert-contacts.ts";
import type { DoorContext } from "../door.ts";
import { refusal } from "./errors.ts";
import { readParameters, readWireValue } from "./parameters.ts";
import { broken, hidden, readEmails } from "./values.ts";

/** Tags of contacts. A tag is there as long as a contact has it; its id is its name. */
export function serveTags(app: FastifyInstance, context: DoorContext): void {
  const { platform, callerOf } = context;
  app.get("/tags", hidden, async (request) => {
    const tags = await listTags(platform, callerOf(request));
    return { data: tags.map(({ tag, contacts }) => ({ id: tag, name: tag, contacts })) };
  });
  app.post("/tags", hidden, async (request) => changeTags(context, request, "addTags"));
  app.delete("/tags", hidden, async (request) => changeTags(context, request, "removeTags"));
}

async function changeTags(
  { platform, callerOf }: DoorContext,
  request: FastifyRequest,
  change: "addTags" | "removeTags",
) {
  const caller = callerOf(request);
  const parameters = await readParameters(request);
  const tags = readTags(parameters["tags"]);
  const found = await findByEmail(platform, caller, { emails: readEmails(parameters["emails"]) });
  if (found.length === 0) throw refusal(303, "There are no contacts with these e-mail addresses.");
  await upsertContacts(platform, caller, {
    contacts: found.map(({ contactId }) => ({ id: contactId, [change]: tags })),
  });
  return { result: true };
}

function readTags(value: Parameters<typeof readWireValue>[0]): string[] {
  const tags = [readWireValue(value, "tags")].flat();
  const names = tags.filter((tag) => typeof tag === "string");
  if (names.length === 0 || names.length < tags.length) throw broken("tags", "must be a list of texts");
  return names;
}
