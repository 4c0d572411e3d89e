import { z } from "zod";
import { anyJson, pageFields, pageOf } from "./schema.ts";

const status = z.enum(["queued", "deferred", "sent", "bounced", "failed", "held", "unknown", "cancelled"]);

export const messageView = z
  .object({
    id: z.string(),
    contactId: z.string(),
    channel: z.string(),
    purpose: z.enum(["transactional", "marketing"]),
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
