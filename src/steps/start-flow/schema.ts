import { z } from "zod";
import { slugSchema } from "../../core/flow/definition.ts";
import { payloadSchema } from "../../core/template/payload-schema.ts";

/** The flow to start, by its id, and by which of its entries; the strings of the payload are templates. */
export const startFlowConfig = z.strictObject({
  flow: z.uuid("must be the id of a flow"),
  entry: slugSchema.optional(),
  payload: payloadSchema,
});

export type StartFlowConfig = z.output<typeof startFlowConfig>;
