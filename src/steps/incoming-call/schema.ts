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

/**
 * Where the call's body says who the contact is and what to remember of it, which of that a call must have, the list to join, and what the
 * caller must show. Properties that are fields of the list are read as those fields have them.
 */
export const incomingCallConfig = z
  .strictObject({
    list: z.uuid().optional(),
    map: z
      .record(targetSchema, pathSchema)
      .refine((map) => Object.keys(map).length <= 100, "must map at most 100 fields")
      .refine((map) => identityKinds.some((kind) => Object.hasOwn(map, kind)), "must map email, phone or externalId")
      .default({ email: "email", phone: "phone" }),
    require: z.array(targetSchema).max(100, "must be at most 100 fields").default([]),
    auth: z.enum(["token", "api-key"]).default("token"),
  })
  .superRefine(({ map, require }, context) => {
    for (const [index, target] of require.entries())
      if (!Object.hasOwn(map, target))
        context.addIssue({
          code: "custom",
          path: ["require", index],
          message: "must be mapped to a place in the body",
        });
  });

export type IncomingCallConfig = z.output<typeof incomingCallConfig>;

/** The event that an incoming call becomes. */
export const incomingCallEvent = "$incoming-call";
