import type { FastifyInstance, FastifyRequest } from "fastify";
import type { IdentityInput } from "../../core/contact-input.ts";
import { deleteContact } from "../../operations/delete-contact.ts";
import { getContact } from "../../operations/get-contact.ts";
import { pageContacts } from "../../operations/page-contacts.ts";
import { upsertContact } from "../../operations/upsert-contact.ts";
import type { DoorContext } from "../door.ts";
import { contactFields, namedContact } from "./contact-schema.ts";
import { type PageQuery, queryOf, readPage, showPage } from "./paging.ts";
import { readFields } from "./read-fields.ts";
import { showContact, toUpsert } from "./translate-contact.ts";

const hidden = { schema: { hide: true } } as const;

/** Contacts: made or changed by phone, listed, read, changed and deleted by id. */
export function serveContacts(app: FastifyInstance, { platform, callerOf }: DoorContext): void {
  app.post("/api/contact", hidden, async (request, reply) => {
    const fields = await readFields(request, namedContact);
    const { contact } = await upsertContact(platform, callerOf(request), { ...toUpsert(fields), by: "phone" });
    return reply.code(201).send(showContact(contact));
  });

  app.get("/api/contact", hidden, async (request) => {
    const query = queryOf(request);
    const page = readPage(query);
    const found = await pageContacts(platform, callerOf(request), { ...page, named: namedIn(query) });
    return showPage(request, { ...found, ...page }, showContact);
  });

  app.get("/api/contact/:id", hidden, async (request) =>
    showContact(await getContact(platform, callerOf(request), { by: "id", value: idOf(request) })),
  );

  for (const method of ["PUT", "PATCH"] as const) {
    app.route({
      ...{ method, url: "/api/contact/:id", ...hidden },
      handler: async (request) => {
        const replace = method === "PUT";
        const fields = await readFields(request, replace ? namedContact : contactFields);
        const input = { ...toUpsert(fields, { replace }), id: idOf(request) };
        return showContact((await upsertContact(platform, callerOf(request), input)).contact);
      },
    });
  }

  app.delete("/api/contact/:id", hidden, async (request, reply) => {
    await deleteContact(platform, callerOf(request), { id: idOf(request) });
    return reply.code(204).send();
  });
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id.toLowerCase();
}

/** The identities that a query asks for; undefined when it asks for none. */
function namedIn({ phone, email, search }: PageQuery): IdentityInput[] | undefined {
  if (phone !== undefined) return [{ phone }];
  if (email !== undefined) return [{ email }];
  return search === undefined || search === "" ? undefined : [{ phone: search }, { email: search }];
}
