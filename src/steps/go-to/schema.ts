import { z } from "zod";
import { slugSchema } from "../../core/flow/definition.ts";

/** The step that runs go on at. */
export const goToConfig = z.strictObject({ step: slugSchema });

export type GoToConfig = z.output<typeof goToConfig>;
