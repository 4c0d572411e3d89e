import { z } from "zod";
import { maxLinkLength, messageChannels, messageFeedback } from "../../core/message/message-event.ts";
import { anyJson, pageFields, pageOf } from "./schema.ts";

const status = z.enum(["queued", "deferred", "sent", "bounced", "failed", "held", "unknown", "cancelled", "dropped"]);

export const messageView = z
  .object({
    id: z.string(),
    contactId: z.string(),
    channel: z.string(),
    purpose: z.enum(["transactional", "marketing"]),
    topic: z.string().nullable(),
    status,
    class: z.string().nullable().describe("Why it was not accepted, in one word."),
    reason: z.string().nullable(),
    transport: z.string().nullable(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    subject: z.string().nullable(),
    sizeBytes: z.int().nullable(),
    attempts: z.int(),
    runId: z.string().nullable(),
    flowId: z.string().nullable(),
    version: z.int().nullable(),
    step: z.string().nullable(),
    createdAt: z.date(),
    sentAt: z.date().nullable(),
    updatedAt: z.date(),
  })
  .meta({ id: "Message" });

export const messagePage = pageOf(messageView);

export const messageDetail = messageView.extend({
  events: z
    .array(z.object({ id: z.string(), type: z.string(), at: z.date(), detail: anyJson }))
    .describe("Its life, oldest first; an attempt has what the other server said, word for word."),
});

export const messageQuery = z.strictObject({
  contactId: z.string().max(64).optional(),
  flowId: z.string().max(64).optional(),
  runId: z.string().max(64).optional(),
  status: status.optional(),
  to: z.string().max(512).optional(),
  ...pageFields,
});

export const settleBody = z
  .strictObject({ action: z.enum(["resend", "cancel"]) })
  .meta({ examples: [{ action: "resend" }] });

export const feedbackBody = z
  .strictObject({
    type: z.enum(messageFeedback),
    link: z.string().min(1).max(maxLinkLength).optional().describe("The address that was clicked."),
  })
  .meta({ examples: [{ type: "clicked", link: "https://shop.example/sale" }] });

export const feedbackReceipt = z.object({
  id: z.string(),
  type: z.enum(messageFeedback),
  link: z.string().nullable(),
  at: z.date(),
  listened: z.boolean().describe("Whether any flow listens to it."),
});

export const inboundBody = z
  .strictObject({
    channel: z.enum(messageChannels),
    from: z.string().max(512).describe("The address of the contact: of e-mail, or a phone number."),
    text: z.string().max(50_000),
  })
  .meta({ examples: [{ channel: "whatsapp", from: "+393331234567", text: "STOP" }] });

export const inboundReceipt = z.object({
  eventId: z.string(),
  contactId: z.string(),
  contactCreated: z.boolean(),
  listened: z.boolean().describe("Whether any flow listens to messages from contacts."),
});
