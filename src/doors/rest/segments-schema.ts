import { z } from "zod";
import { contactView } from "./contacts-schema.ts";
import { anyJson, jsonObject, pageOf } from "./schema.ts";

const definition = jsonObject.describe("A condition over contacts: their fields, events, messages and other segments.");

export const segmentBody = z.strictObject({ name: z.string(), description: z.string().optional(), definition }).meta({
  examples: [
    {
      name: "Good customers",
      definition: {
        and: [
          { field: "contact.tags", operator: "includes", value: "customer" },
          { event: "order.placed", within: { amount: 30, unit: "days" }, count: { atLeast: 2 } },
        ],
      },
    },
  ],
});

export const segmentChange = z
  .strictObject({
    name: z.string().exactOptional(),
    description: z.string().optional(),
    definition: definition.exactOptional(),
  })
  .meta({ examples: [{ name: "Best customers" }] });

export const previewBody = z
  .strictObject({ definition })
  .meta({ examples: [{ definition: { event: "order.placed", within: { amount: 7, unit: "days" } } }] });

export const segmentView = z
  .object({
    id: z.string(),
    number: z.number().describe("What other systems' APIs call it."),
    name: z.string(),
    description: z.string(),
    definition: anyJson,
    revision: z.number().describe("Grows with every definition, its own or that of a segment it looks at."),
    state: z.enum(["building", "ready"]).describe("building: its definition is being compared with all contacts."),
    progress: z.number().describe("How much of that is done, from 0 to 1."),
    members: z.number(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: "Segment" });

export const segmentPage = pageOf(segmentView);
export const segmentMemberPage = pageOf(z.object({ contactId: z.string(), enteredAt: z.date(), contact: contactView }));
export const preview = z.object({ count: z.number(), sample: z.array(contactView) });

export const segmentContactParams = z.object({ id: z.string().max(200), contactId: z.string().max(200) });
export const segmentExplanation = z.object({
  segmentId: z.string(),
  contactId: z.string(),
  isMember: z.boolean(),
  enteredAt: z.date().nullable(),
  definition: anyJson.describe("The definition with what was found for each part."),
  nextChangeAt: z.date().nullable().describe("When time alone may change the answer."),
});
