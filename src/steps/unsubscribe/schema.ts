import { z } from "zod";
import { channelNames } from "../../core/contact.ts";

/** The lists to leave, and the channels on which nothing is to be sent to the contact's address any more. */
export const unsubscribeConfig = z
  .strictObject({
    lists: z.array(z.uuid("must be the id of a list")).max(20).default([]),
    channels: z.array(z.enum(channelNames)).max(channelNames.length).default([]),
  })
  .refine(({ lists, channels }) => lists.length + channels.length > 0, {
    path: ["lists"],
    error: "must name a list, or channels a channel",
  });

export type UnsubscribeConfig = z.output<typeof unsubscribeConfig>;
