import { z } from "zod";

/** Why the run ends here, for people who read its trail. */
export const endConfig = z.strictObject({ reason: z.string().min(1).max(200).optional() });

export type EndConfig = z.output<typeof endConfig>;
