import { z } from "zod";
import { durationSchema } from "../time.ts";

/**
 * What becomes of what fell due while a flow was held: all of it runs at once, it is dropped, only the newest run of each contact goes
 * on, or all of it goes on spread evenly `over` a time.
 */
export const overdueSchema = z.discriminatedUnion("policy", [
  z.strictObject({ policy: z.literal("run") }),
  z.strictObject({ policy: z.literal("drop") }),
  z.strictObject({ policy: z.literal("newest") }),
  z.strictObject({ policy: z.literal("spread"), over: durationSchema }),
]);
export type Overdue = z.output<typeof overdueSchema>;

/** The name of the job that deals with what fell due. */
export const releaseJob = "release";

/** What that job is told: `before` is the instant of the resume. */
export const releaseParams = z.object({ overdue: overdueSchema, before: z.iso.datetime() });
