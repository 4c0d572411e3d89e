import { z } from "zod";
import { membershipStates } from "../../core/contact.ts";
import { contactView } from "./contacts-schema.ts";
import { anyJson, jsonObject, pageFields, pageOf } from "./schema.ts";

const state = z.enum(membershipStates);

export const listBody = z
  .strictObject({
    name: z.string(),
    description: z.string().optional(),
    fields: z
      .array(jsonObject)
      .max(100)
      .optional()
      .describe("What the list knows of its members, as the application likes."),
  })
  .meta({ examples: [{ name: "Customers", description: "Everyone who bought something" }] });

export const listChange = z
  .strictObject({
    name: z.string().exactOptional(),
    description: z.string().optional(),
    fields: listBody.shape.fields,
  })
  .meta({ examples: [{ name: "Good customers" }] });

export const listView = z
  .object({
    id: z.string(),
    number: z.number().describe("What other systems' APIs call it."),
    name: z.string(),
    description: z.string(),
    fields: anyJson,
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
