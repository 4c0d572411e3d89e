import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { eventNameSchema } from "../../core/flow/definition.ts";
import { durationSchema } from "../../core/time.ts";

/**
 * What takes runs to the goal from wherever they stand: an event (whose payload is `event` in `where`), or a condition that holds once the
 * contact has changed. `within` is the conversion window, counted from the start of the run.
 */
export const goalConfig = z
  .strictObject({
    event: eventNameSchema.optional(),
    where: conditionSchema.optional(),
    when: conditionSchema.optional(),
    within: durationSchema.optional(),
  })
  .refine(({ event, where }) => where === undefined || event !== undefined, {
    path: ["where"],
    error: "is about an event, and none is named",
  });

export type GoalConfig = z.output<typeof goalConfig>;
