import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { membershipStates } from "../../core/contact.ts";
import { anyJson, instant, jsonObject, pageFields, pageOf } from "./schema.ts";

const identity = z.string().max(512).nullable().optional();
const tags = z.array(z.string()).max(500).optional();
const membership = z.object({ id: z.string(), state: z.enum(membershipStates) });

/** The ways to name a contact from outside. */
export const identityFields = { externalId: identity, email: identity, phone: identity };

/** A contact to make, or what to change of one. */
export const contactBody = z
  .strictObject({
    ...identityFields,
    properties: jsonObject.optional().describe("Laid over the contact's; null removes a property."),
    replaceProperties: z.boolean().optional().describe("Remove the properties that are not given."),
    tags: tags.describe("All tags from now on."),
    addTags: tags,
    removeTags: tags,
    timeZone: z.string().max(64).nullable().optional().describe("IANA name, such as Europe/Rome."),
    locale: z.string().max(35).nullable().optional().describe("Language tag, such as it or pt-BR."),
    lists: z.array(membership.strict()).max(100).optional(),
  })
  .meta({
    examples: [{ email: "ada@example.com", properties: { plan: "gold" }, addTags: ["beta"], timeZone: "Europe/Rome" }],
  });

export const contactView = z
  .object({
    id: z.string(),
    externalId: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    properties: jsonObject,
    tags: z.array(z.string()),
    timeZone: z.string().nullable(),
    locale: z.string().nullable(),
    lists: z.array(membership),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: "Contact" });

/** A contact of a batch: found by its id, where it has one. */
export const contactItem = contactBody.extend({ id: z.string().max(200).optional() });

/** The items are checked one by one, so that a broken one does not hold up the others. */
export const contactsBody = z
  .strictObject({ contacts: z.array(anyJson).min(1).max(1000) })
  .meta({ examples: [{ contacts: [{ email: "ada@example.com", addTags: ["beta"] }, { phone: "+14155550132" }] }] });

/** In the order of the request. Paths of issues begin where the contact is in the request. */
export const contactsResult = z.object({
  accepted: z.int(),
  rejected: z.int(),
  results: z.array(
    z.union([
      z.object({ status: z.enum(["created", "updated", "unchanged"]), contactId: z.string() }),
      z.object({ status: z.literal("rejected"), issues: z.array(z.object({ path: z.string(), message: z.string() })) }),
    ]),
  ),
});
export type ContactsResult = z.output<typeof contactsResult>;

export const upsertedContact = z.object({ contact: contactView, created: z.boolean() });

const condition = z
  .string()
  .max(20_000)
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "must be a condition written as JSON" });
      return z.NEVER;
    }
  })
  .pipe(conditionSchema);

export const contactQuery = z.strictObject({
  externalId: z.string().max(512).optional(),
  email: z.string().max(512).optional(),
  phone: z.string().max(64).optional(),
  tag: z.string().max(64).optional(),
  listId: z.string().max(64).optional().describe("Subscribed to this list."),
  createdAfter: instant.optional(),
  createdBefore: instant.optional(),
  where: condition
    .optional()
    .describe('A condition over the contact, as JSON: {"field":"contact.plan","operator":"is","value":"gold"}'),
  ...pageFields,
});

export const contactPage = pageOf(contactView);

export const lookupQuery = z
  .strictObject({
    externalId: z.string().max(512).optional(),
    email: z.string().max(512).optional(),
    phone: z.string().max(64).optional(),
  })
  .refine((query) => Object.keys(query).length === 1, "must have exactly one of externalId, email and phone");
