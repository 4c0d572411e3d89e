import { z } from "zod";
import { membershipStates } from "../../core/contact.ts";
import { fieldTypes, listFieldLimits, listFieldSchema } from "../../core/list-field.ts";
import { contactView } from "./contacts-schema.ts";
import { pageFields, pageOf } from "./schema.ts";

const state = z.enum(membershipStates);

export const listBody = z
  .strictObject({
    name: z.string(),
    description: z.string().optional(),
    fields: z
      .array(listFieldSchema)
      .max(listFieldLimits.fields)
      .optional()
      .describe(
        "What the list wants to know of its members. A field's value is the contact property of its placeholder.",
      ),
  })
  .meta({
    examples: [
      {
        name: "Customers",
        description: "Everyone who bought something",
        fields: [{ placeholder: "city", name: "City", type: "text" }],
      },
    ],
  });

export const listChange = z
  .strictObject({
    name: z.string().exactOptional(),
    description: z.string().optional(),
    fields: listBody.shape.fields,
  })
  .meta({ examples: [{ name: "Good customers" }] });

const fieldView = z.object({
  number: z.int(),
  placeholder: z.string(),
  name: z.string(),
  type: z.enum(fieldTypes),
  options: z.array(z.string()),
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  adminOnly: z.boolean(),
});

export const listView = z
  .object({
    id: z.string(),
    number: z.number().describe("What other systems' APIs call it."),
    name: z.string(),
    description: z.string(),
    fields: z.array(fieldView),
    createdAt: z.date(),
  })
  .meta({ id: "List" });

export const countedList = listView.extend({ members: z.record(state, z.number()) });
export const listPage = pageOf(listView);

export const memberParams = z.object({ id: z.string().max(200), contactId: z.string().max(200) });
export const memberBody = z.strictObject({ state }).meta({ examples: [{ state: "subscribed" }] });
export const membershipView = z.object({ listId: z.string(), contactId: z.string(), state });
export const memberQuery = z.strictObject({ state: state.optional(), ...pageFields });

export const memberPage = pageOf(
  z.object({ contactId: z.string(), state, joinedAt: z.date(), updatedAt: z.date(), contact: contactView }),
);
