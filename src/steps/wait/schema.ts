import { z } from "zod";
import { durationSchema, instantSchema, offsetSchema, timeOfDaySchema } from "../../core/time.ts";
import { fieldProblem } from "./field.ts";

const fieldSchema = z.string().superRefine((field, context) => {
  const message = fieldProblem(field);
  if (message !== null) context.addIssue({ code: "custom", message });
});

const untilDateSchema = z.strictObject({
  field: fieldSchema,
  offset: offsetSchema.optional(),
  at: timeOfDaySchema.optional(),
});

/** A span counted from entering the step, a fixed instant, or a day found in a field (with an offset and a time of day). */
export const waitConfig = z.union([
  z.strictObject({ for: durationSchema }),
  z.strictObject({ until: instantSchema }),
  z.strictObject({ untilDate: untilDateSchema }),
]);

export type WaitConfig = z.output<typeof waitConfig>;
export type UntilDate = z.output<typeof untilDateSchema>;
