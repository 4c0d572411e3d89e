import { z } from "zod";
import { ownMailLimits } from "../../core/message/read-own-mail.ts";
import { topicSchema } from "../../core/workspace-settings.ts";
import { jsonObject } from "./schema.ts";

const address = z.string().min(1).max(1000).describe("An address, or a name with it: `Anna <anna@mail.example>`.");
const addresses = z.array(address).max(ownMailLimits.recipients);

export const emailBody = z
  .strictObject({
    to: z.union([address, addresses.min(1)]).describe("One or more; each gets a message of its own."),
    cc: addresses.optional(),
    bcc: addresses.optional(),
    from: address.optional().describe("The server's sender when it is absent."),
    replyTo: address.optional(),
    subject: z.string().min(1).max(ownMailLimits.subject),
    html: z.string().max(ownMailLimits.body).optional(),
    text: z.string().max(ownMailLimits.body).optional().describe("Made from `html` when it is absent."),
    headers: z.record(z.string().max(76), z.string().max(2000)).optional(),
    attachments: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(200),
          type: z.string().max(160).optional().describe("The media type; by the end of the name when it is absent."),
          content: z.string().describe("The file as base64."),
        }),
      )
      .max(ownMailLimits.attachments)
      .optional(),
    variables: jsonObject
      .optional()
      .describe("With them subject, html, text and headers are templates; without, they are sent as they are."),
    purpose: z.enum(["transactional", "marketing"]).default("transactional"),
    topic: topicSchema.optional(),
    transport: z.string().min(1).max(64).optional().describe("The name of a transport; the default one when absent."),
  })
  .meta({
    examples: [
      {
        to: "Anna <anna@mail.example>",
        subject: "Your order {{ order }}",
        html: "<p>It is on its way.</p>",
        variables: { order: 1001 },
      },
    ],
  });

export const emailReceipt = z.object({
  messages: z
    .array(z.object({ id: z.string(), contactId: z.string(), to: z.string() }))
    .describe("One for each recipient, those of `to` first."),
});
