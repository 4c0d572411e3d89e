import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { eventNameSchema } from "../../core/flow/definition.ts";

/** The event that starts the flow, and what must be true of it and its contact. */
export const eventEntryConfig = z.strictObject({ event: eventNameSchema, where: conditionSchema.optional() });

export type EventEntryConfig = z.output<typeof eventEntryConfig>;
