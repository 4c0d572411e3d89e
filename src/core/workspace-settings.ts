import { z } from "zod";
import { holidaySchema, hoursSchema, leavesDays } from "./calendar.ts";
import { timeOfDaySchema } from "./time.ts";

/** What a message is about, in the words of the workspace. */
export const topicSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^\P{Cc}+$/u, "must not hold control characters");

/**
 * A cap: at most `count` marketing messages to one contact within `hours`, on a channel (any when absent) and a topic (any when absent);
 * and what becomes of one that would be too many.
 */
export const frequencyCapSchema = z.strictObject({
  count: z.int().min(1).max(1000),
  hours: z
    .int()
    .min(1)
    .max(24 * 90),
  channel: z.enum(["email", "whatsapp", "sms"]).optional(),
  topic: topicSchema.optional(),
  action: z.enum(["drop", "hold"]).default("drop"),
});
export type FrequencyCap = z.output<typeof frequencyCapSchema>;

/**
 * When marketing messages are not to go out, by the clock of the contact, and what becomes of one that would. An end that is not after
 * the start lies on the next day.
 */
export const quietHoursSchema = z
  .strictObject({
    from: timeOfDaySchema,
    to: timeOfDaySchema,
    action: z.enum(["hold", "drop"]).default("hold"),
  })
  .refine(({ from, to }) => from !== to, { error: "must differ from the start", path: ["to"] });
export type QuietHours = z.output<typeof quietHoursSchema>;

/** A rate: at most `count` in each `per`. */
export const rateSchema = z.strictObject({
  count: z.int().min(1).max(1_000_000),
  per: z.enum(["second", "minute", "hour", "day"]),
});
export type Rate = z.output<typeof rateSchema>;

/** What the people of a workspace have set for all of its flows. */
export const workspaceSettingsSchema = z.strictObject({
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
  transportRates: z
    .record(z.string().min(1).max(64), rateSchema)
    .refine((rates) => Object.keys(rates).length <= 50, "must have at most 50 transports")
    .default({}),
  /** How late a schedule may still start its flow, after an outage. One that is later is skipped, and on record as such. */
  scheduleGraceMinutes: z
    .int()
    .min(0)
    .max(24 * 60)
    .default(60),
  notifyEmails: z.record(z.string().max(100), z.email()).default({}),
  /** Ids by which other systems' clients know this workspace, beside the one of its own: so that moving changes nothing but a host name. */
  automationIds: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 letters, digits, _ or -"))
    .max(50)
    .default([]),
});
export type WorkspaceSettings = z.output<typeof workspaceSettingsSchema>;

export const defaultSettings: WorkspaceSettings = workspaceSettingsSchema.parse({});
