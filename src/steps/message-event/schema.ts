import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { slugSchema } from "../../core/flow/definition.ts";
import { maxLinkLength, messageChannels, messageEventNames } from "../../core/message/message-event.ts";

/**
 * What has to become of which message: any, or that of a flow, or of one step of it. `link` is a whole address, or with a `*` at its end
 * how it begins.
 */
export const messageEventConfig = z
  .strictObject({
    event: z.enum(messageEventNames),
    channel: z.enum(messageChannels).optional(),
    flow: z.uuid().toLowerCase().optional(),
    step: slugSchema.optional(),
    link: z.string().trim().min(1).max(maxLinkLength).optional(),
    where: conditionSchema.optional(),
  })
  .superRefine(({ event, flow, step, link }, context) => {
    if (step !== undefined && flow === undefined)
      context.addIssue({ code: "custom", path: ["step"], message: "needs the flow that the step is of" });
    if (link !== undefined && event !== "clicked")
      context.addIssue({ code: "custom", path: ["link"], message: "can only be clicked" });
  });

export type MessageEventConfig = z.output<typeof messageEventConfig>;
