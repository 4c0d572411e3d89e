import type { FastifyInstance } from "fastify";
import { countMessagesOf, findByEmail, getByEmail } from "../../operations/people.ts";
import { removeMembers } from "../../operations/remove-members.ts";
import type { DoorContext } from "../door.ts";
import { readParameters } from "./parameters.ts";
import { showPerson } from "./show-person.ts";
import { hidden, readEmails, showDate } from "./values.ts";

type Named = { Params: { email: string } };
type Listed = Awaited<ReturnType<typeof getByEmail>>["lists"][number];

/** What all address books together say of addresses. */
export function serveEmails(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.get<Named>("/emails/:email", hidden, async (request) => {
    const { lists } = await getByEmail(platform, callerOf(request), request.params.email);
    return lists.map(inBook);
  });
  app.delete<Named>("/emails/:email", hidden, async (request) => {
    const caller = callerOf(request);
    const { contactId } = await getByEmail(platform, caller, request.params.email);
    await removeMembers(platform, caller, { contactIds: [contactId] });
    return { result: true };
  });
  app.get<Named>("/emails/:email/details", hidden, async (request) => {
    const { lists } = await getByEmail(platform, callerOf(request), request.params.email);
    const details = lists.map((list) => ({ ...inBook(list), list_name: list.listName, list_id: list.listNumber }));
    return details.map((detail, index) => ({ ...detail, add_date: showDate(lists[index]?.joinedAt ?? new Date(0)) }));
  });
  app.get<Named>("/emails/:email/campaigns", hidden, async (request) => {
    const caller = callerOf(request);
    const person = await getByEmail(platform, caller, request.params.email);
    const { sent, opened, clicked } = await countMessagesOf(platform, caller, person);
    return {
      statistic: { sent, open: opened, link: clicked },
      addressbooks: person.lists.map(({ listNumber, listName }) => ({ id: listNumber, address_book_name: listName })),
      blacklist: person.lists.some(({ suppressed }) => suppressed !== null),
    };
  });
  app.post("/emails", hidden, async (request) => {
    const emails = readEmails((await readParameters(request))["emails"]);
    const found = await findByEmail(platform, callerOf(request), { emails });
    return Object.fromEntries(found.map(({ email, lists }) => [email, lists.map(inBook)]));
  });
}

function inBook(list: Listed) {
  return { book_id: list.listNumber, ...showPerson(list) };
}
