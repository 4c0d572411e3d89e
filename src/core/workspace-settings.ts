import { z } from "zod";
import { holidaySchema, hoursSchema, leavesDays } from "./calendar.ts";
import { isTimeZone, timeOfDaySchema } from "./time.ts";

/** A cap: at most `count` marketing messages to one contact within `hours`, on a channel (any when absent) and a topic (any when absent). */
export const frequencyCapSchema = z.strictObject({
  count: z.int().min(1).max(1000),
  hours: z
    .int()
    .min(1)
    .max(24 * 90),
  channel: z.enum(["email", "whatsapp", "sms"]).optional(),
  topic: z.string().min(1).max(100).optional(),
});

/** When marketing messages are not to go out, in the contact's zone, and what becomes of one that would. */
export const quietHoursSchema = z.strictObject({
  from: timeOfDaySchema,
  to: timeOfDaySchema,
  action: z.enum(["hold", "drop"]).default("hold"),
});

/** A rate: at most `count` in each `per`. */
export const rateSchema = z.strictObject({
  count: z.int().min(1).max(1_000_000),
  per: z.enum(["second", "minute", "hour", "day"]),
});

/** What the people of a workspace have set for all of its flows. */
export const workspaceSettingsSchema = z.strictObject({
  timeZone: z.string().refine(isTimeZone, "must be a time zone such as Europe/Rome").optional(),
  workingHours: z
    .array(hoursSchema)
    .min(1)
    .max(20)
    .default([{ weekdays: ["monday", "tuesday", "wednesday", "thursday", "friday"], from: "09:00", to: "18:00" }]),
  holidays: z
    .array(holidaySchema)
    .max(400)
    .refine(leavesDays, "must leave some day of the year to work on")
    .default([]),
  quietHours: quietHoursSchema.nullable().default(null),
  frequencyCaps: z.array(frequencyCapSchema).max(20).default([]),
  transportRates: z.record(z.string().max(100), rateSchema).default({}),
  notifyEmails: z.record(z.string().max(100), z.email()).default({}),
});
export type WorkspaceSettings = z.output<typeof workspaceSettingsSchema>;

export const defaultSettings: WorkspaceSettings = workspaceSettingsSchema.parse({});
