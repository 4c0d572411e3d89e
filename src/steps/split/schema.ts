import { z } from "zod";
import { slugSchema } from "../../core/flow/definition.ts";

const exitSchema = z.strictObject({ name: slugSchema, weight: z.int().min(0).max(1_000_000) });

/** The exits with their weights: each gets its weight's part of the sum of all. */
export const splitConfig = z.strictObject({
  exits: z
    .array(exitSchema)
    .min(2)
    .max(20)
    .refine(
      (exits) => new Set(exits.map(({ name }) => name)).size === exits.length,
      "every exit needs a name of its own",
    )
    .refine((exits) => exits.some(({ weight }) => weight > 0), "some exit needs a weight above zero"),
});

export type SplitConfig = z.output<typeof splitConfig>;
