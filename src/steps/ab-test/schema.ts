import { z } from "zod";
import { aboutRunFields } from "../../core/flow/about-run.ts";
import { eventNameSchema, slugSchema } from "../../core/flow/definition.ts";
import { durationSchema } from "../../core/time.ts";

const variantSchema = z.strictObject({ name: slugSchema, weight: z.int().min(1).max(1_000_000).default(1) });

const bySchema = z.union([
  z.enum(["opens", "clicks"]),
  z.strictObject({ event: eventNameSchema, ...aboutRunFields }),
  z.strictObject({ step: slugSchema }),
]);

const decideSchema = z
  .strictObject({ participants: z.int().min(2).max(10_000_000).optional(), after: durationSchema.optional() })
  .refine(({ participants, after }) => participants !== undefined || after !== undefined, {
    error: "needs a number of participants, a span (after), or both",
  });

/**
 * The variants and their weights in the test; by what one wins; when that is decided (when both hold, where both are given). With `share`,
 * only so many in a hundred contacts take part: the others wait for the winner, so there must be a span, and only that.
 */
export const abTestConfig = z
  .strictObject({
    variants: z
      .array(variantSchema)
      .min(2)
      .max(10)
      .refine(
        (all) => new Set(all.map(({ name }) => name)).size === all.length,
        "every variant needs a name of its own",
      ),
    winBy: bySchema,
    decide: decideSchema,
    share: z.int().min(1).max(99).optional(),
  })
  .refine(
    ({ share, decide }) => share === undefined || (decide.after !== undefined && decide.participants === undefined),
    {
      path: ["share"],
      error: "the others wait for the winner, so it must be decided after a span, and by that alone",
    },
  );

export type AbTestConfig = z.output<typeof abTestConfig>;
