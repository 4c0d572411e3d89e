import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";

/**
 * The id of the segment, and what the contact has to do. Contacts that a new definition of the segment brings in or puts out
 * count only `alsoWhenRedefined`.
 */
export const segmentChangedConfig = z.strictObject({
  segment: z.uuid().toLowerCase(),
  change: z.enum(["entered", "left"]),
  alsoWhenRedefined: z.boolean().default(false),
  where: conditionSchema.optional(),
});

export type SegmentChangedConfig = z.output<typeof segmentChangedConfig>;
