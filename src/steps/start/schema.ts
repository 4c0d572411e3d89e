import { z } from "zod";
import { variablesSchema } from "../../core/flow/variables.ts";

/** What whoever starts the flow can give it. */
export const startConfig = z.strictObject({ variables: variablesSchema.default({}) });

export type StartConfig = z.output<typeof startConfig>;
