import { z } from "zod";
import { identityKinds } from "../../core/contact.ts";
import { parsePath } from "../../core/path.ts";
import { propertyNameSchema } from "../../core/property-name.ts";

const targetSchema = z.union([z.enum(identityKinds), propertyNameSchema], {
  error: "must be externalId, email, phone or the name of a contact property",
});
const pathSchema = z
  .string()
  .max(512)
  .refine((path) => parsePath(path) !== null, "must be a path into the body such as customer.email or items[0].sku");

/** Where the call's body says who the contact is and what to remember of it, the list to join, and what the caller must show. */
export const incomingCallConfig = z.strictObject({
  list: z.uuid().optional(),
  map: z
    .record(targetSchema, pathSchema)
    .refine((map) => Object.keys(map).length <= 100, "must map at most 100 fields")
    .refine((map) => identityKinds.some((kind) => Object.hasOwn(map, kind)), "must map email, phone or externalId")
    .default({ email: "email", phone: "phone" }),
  auth: z.enum(["token", "api-key"]).default("token"),
});

export type IncomingCallConfig = z.output<typeof incomingCallConfig>;

/** The event that an incoming call becomes. */
export const incomingCallEvent = "$incoming-call";
