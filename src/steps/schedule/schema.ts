import { z } from "zod";
import { audienceSchema } from "../../core/audience.ts";
import { cronProblem } from "../../core/cron.ts";
import type { JsonObject } from "../../core/json.ts";
import { isTimeZone } from "../../core/time.ts";

// Five fields come again every few years, so any instant will do to see whether they ever do.
const before = new Date("2000-01-01T00:00:00Z");

const cronSchema = z
  .string()
  .max(200)
  .superRefine((expression, context) => {
    const message = cronProblem(expression, before);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

/** When the flow starts, for whom, and with what. Without a zone, that of the workspace. */
export const scheduleConfig = z.strictObject({
  cron: cronSchema,
  timeZone: z.string().refine(isTimeZone, "must be a time zone such as Europe/Rome").optional(),
  audience: audienceSchema,
  variables: (z.record(z.string().max(64), z.unknown()) as unknown as z.ZodType<JsonObject>).default({}),
});

export type ScheduleConfig = z.output<typeof scheduleConfig>;
