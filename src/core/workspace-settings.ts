import { z } from "zod";
import { isTimeZone, timeOfDaySchema } from "./time.ts";

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export const weekdaySchema = z.enum(weekdays);

/** A span of the day on some weekdays; an end before the start lies on the next day. */
export const hoursSchema = z.strictObject({
  weekdays: z.array(weekdaySchema).min(1).max(7),
  from: timeOfDaySchema,
  to: timeOfDaySchema,
});

/** A day as YYYY-MM-DD, or every year as MM-DD. */
const holidaySchema = z
  .string()
  .regex(/^(\d{4}-)?\d{2}-\d{2}$/, "must be a day such as 2026-12-25, or 12-25 for every year");

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
    .max(20)
    .default([{ weekdays: ["monday", "tuesday", "wednesday", "thursday", "friday"], from: "09:00", to: "18:00" }]),
  holidays: z.array(holidaySchema).max(400).default([]),
  quietHours: quietHoursSchema.nullable().default(null),
  frequencyCaps: z.array(frequencyCapSchema).max(20).default([]),
  transportRates: z.record(z.string().max(100), rateSchema).default({}),
  notifyEmails: z.record(z.string().max(100), z.email()).default({}),
});
export type WorkspaceSettings = z.output<typeof workspaceSettingsSchema>;

export const defaultSettings: WorkspaceSettings = workspaceSettingsSchema.parse({});
