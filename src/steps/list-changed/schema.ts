import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";

/** The id of the list, and what the contact has to do. Joined means subscribed by now and not before; left is the other way round. */
export const listChangedConfig = z.strictObject({
  list: z.uuid().toLowerCase(),
  change: z.enum(["joined", "left"]),
  where: conditionSchema.optional(),
});

export type ListChangedConfig = z.output<typeof listChangedConfig>;
