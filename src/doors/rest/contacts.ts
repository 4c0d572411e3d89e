import { type IdentityKind, identityKinds } from "../../core/contact.ts";
import { deleteContact } from "../../operations/delete-contact.ts";
import { getContact } from "../../operations/get-contact.ts";
import { listContacts } from "../../operations/list-contacts.ts";
import { upsertContact } from "../../operations/upsert-contact.ts";
import {
  contactBody,
  contactPage,
  contactQuery,
  contactView,
  lookupQuery,
  upsertedContact,
} from "./contacts-schema.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { deleted, idParams } from "./schema.ts";

const tag = "Contacts";
const notFound = ["contact_not_found"] as const;

/** Contacts: made or changed by any identity, read, listed, deleted. */
export function serveContacts(app: RestApp, context: RestContext): void {
  serveUpsert(app, context);
  serveContactChanges(app, context);
  serveContactReads(app, context);
}

function serveUpsert(app: RestApp, { platform, callerOf }: RestContext): void {
  const upsertSchema = {
    ...describe({
      tag,
      summary: "Create or change a contact",
      description: "The contact is found by its identities; 201 when it is new.",
    }),
    body: contactBody,
    response: {
      200: upsertedContact,
      201: upsertedContact,
      ...refusals({ hasBody: true, errors: ["identity_taken", "list_not_found"] }),
    },
  };
  for (const method of ["PUT", "POST"] as const) {
    app.route({
      method,
      url: "/v1/contacts",
      schema: { ...upsertSchema, operationId: `${method.toLowerCase()}Contact` },
      handler: async (request, reply) => {
        const result = await upsertContact(platform, callerOf(request), request.body);
        reply.code(result.created ? 201 : 200);
        return result;
      },
    });
  }
}

function serveContactChanges(app: RestApp, { platform, callerOf }: RestContext): void {
  app.patch(
    "/v1/contacts/:id",
    {
      schema: {
        ...describe({ tag, summary: "Change a contact", description: "By its id, so its identities can change too." }),
        params: idParams,
        body: contactBody,
        response: {
          200: contactView,
          ...refusals({ hasBody: true, errors: [...notFound, "identity_taken", "list_not_found"] }),
        },
      },
    },
    async (request) => {
      const { contact } = await upsertContact(platform, callerOf(request), { ...request.body, id: request.params.id });
      return contact;
    },
  );

  app.delete(
    "/v1/contacts/:id",
    {
      schema: {
        ...describe({
          tag,
          summary: "Delete a contact",
          description: "Its runs end, and what waits to be sent to it is dropped.",
        }),
        params: idParams,
        response: { 200: deleted, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => {
      await deleteContact(platform, callerOf(request), { id: request.params.id });
      return { id: request.params.id };
    },
  );
}

function serveContactReads(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/contacts",
    {
      schema: {
        ...describe({ tag, summary: "List contacts", description: "Newest first. Filters are joined by and." }),
        querystring: contactQuery,
        response: { 200: contactPage, ...refusals({}) },
      },
    },
    async (request) => listContacts(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/contacts/lookup",
    {
      schema: {
        ...describe({ tag, summary: "Find a contact by e-mail, phone or external id" }),
        querystring: lookupQuery,
        response: { 200: contactView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getContact(platform, callerOf(request), addressOf(request.query)),
  );

  app.get(
    "/v1/contacts/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a contact" }),
        params: idParams,
        response: { 200: contactView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getContact(platform, callerOf(request), { by: "id", value: request.params.id }),
  );
}

function addressOf(query: Partial<Record<IdentityKind, string | undefined>>): { by: IdentityKind; value: string } {
  const by = identityKinds.find((kind) => query[kind] !== undefined) ?? "externalId";
  return { by, value: query[by] ?? "" };
}
