import { z } from "zod";
import { hoursSchema } from "../../core/calendar.ts";
import { untilDateSchema } from "../../core/flow/wait-until.ts";
import { durationSchema, instantSchema } from "../../core/time.ts";

/** Hours of the week in the contact's zone, with or without the holidays of the workspace; or the workspace's own working hours. */
const withinSchema = z.union([
  z.literal("working-hours"),
  z.strictObject({ hours: z.array(hoursSchema).min(1).max(20), skipHolidays: z.boolean().default(false) }),
]);

/**
 * A span counted from entering the step, a fixed instant, or a day found in a field (with an offset and a time of day); then, or at once
 * when there is none of these, until hours of the week in which the run may go on.
 */
export const waitConfig = z.union([
  z.strictObject({ for: durationSchema, within: withinSchema.optional() }),
  z.strictObject({ until: instantSchema, within: withinSchema.optional() }),
  z.strictObject({ untilDate: untilDateSchema, within: withinSchema.optional() }),
  z.strictObject({ within: withinSchema }),
]);

export type WaitConfig = z.output<typeof waitConfig>;
export type Within = z.output<typeof withinSchema>;
