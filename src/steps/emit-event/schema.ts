import { z } from "zod";
import { payloadSchema } from "../../core/template/payload-schema.ts";

/** The event to make happen: its name and the strings of its payload are templates. */
export const emitEventConfig = z.strictObject({ event: z.string().min(1).max(1000), payload: payloadSchema });

export type EmitEventConfig = z.output<typeof emitEventConfig>;
