import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { messageChannels } from "../../core/message/message-event.ts";
import { plainText } from "../../core/message/plain-text.ts";

const keywordSchema = z
  .string()
  .max(100)
  .refine((keyword) => plainText(keyword) !== "", "must not be empty");

/** Which messages from the contact: any, or those that are (`exact`) or contain one of the keywords. Case and spaces do not count. */
export const inboundMessageConfig = z.strictObject({
  keywords: z.array(keywordSchema).min(1).max(50).optional(),
  match: z.enum(["exact", "contains"]).default("exact"),
  channel: z.enum(messageChannels).optional(),
  where: conditionSchema.optional(),
});

export type InboundMessageConfig = z.output<typeof inboundMessageConfig>;
