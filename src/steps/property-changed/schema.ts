import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { conditionLimits } from "../../core/condition/limits.ts";
import type { Json } from "../../core/json.ts";
import { propertyNameSchema } from "../../core/property-name.ts";

const valueSchema: z.ZodType<Json> = z
  .json()
  .refine(
    (value) => JSON.stringify(value).length <= conditionLimits.valueLength,
    `must be at most ${conditionLimits.valueLength} characters of JSON`,
  );

/**
 * Which property, and what it has to have changed `to` or `from`; null is no value. Without both any change counts. To set it to the
 * value it has is no change, and counts only `alsoWhenSetAgain`.
 */
export const propertyChangedConfig = z.strictObject({
  property: propertyNameSchema,
  to: valueSchema.optional(),
  from: valueSchema.optional(),
  alsoWhenSetAgain: z.boolean().default(false),
  where: conditionSchema.optional(),
});

export type PropertyChangedConfig = z.output<typeof propertyChangedConfig>;
