import { z } from "zod";
import { audienceSchema } from "../../core/audience.ts";
import { propertyNameSchema } from "../../core/property-name.ts";
import { timeOfDaySchema } from "../../core/time.ts";

/**
 * A date in a property of the contact, and when the flow starts by it: `offsetDays` days after it (before, when negative), at a time of day in the
 * contact's zone, once or every year. `leapDay` is the day that stands for 29 February in years that have none.
 */
export const dateConfig = z.strictObject({
  property: propertyNameSchema,
  repeat: z.enum(["once", "yearly"]).default("once"),
  offsetDays: z.int().min(-366).max(366).default(0),
  at: timeOfDaySchema.default("09:00"),
  leapDay: z.enum(["02-28", "03-01"]).default("02-28"),
  audience: audienceSchema.optional(),
});

export type DateConfig = z.output<typeof dateConfig>;
