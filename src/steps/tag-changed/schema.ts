import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { contactLimits, readTags } from "../../core/contact-input.ts";

const tagSchema = z
  .string()
  .trim()
  .superRefine((tag, context) => {
    for (const { message } of readTags([tag]).issues) context.addIssue({ code: "custom", message });
  })
  .meta({ maxLength: contactLimits.tagLength });

/** The tag, and whether the contact has to get it or to lose it. */
export const tagChangedConfig = z.strictObject({
  tag: tagSchema,
  change: z.enum(["added", "removed"]),
  where: conditionSchema.optional(),
});

export type TagChangedConfig = z.output<typeof tagChangedConfig>;
