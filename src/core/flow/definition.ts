import { z } from "zod";
import { conditionSchema } from "../condition/condition.ts";
import { durationSchema } from "../time.ts";
import { quietHoursSchema, rateSchema } from "../workspace-settings.ts";

/**
 * `visits` (of one run, unless its flow says `maxSteps`) and `depth` (flows that start each other without a pause of a minute) are what the
 * loop guard goes by.
 */
export const flowLimits = {
  steps: 200,
  entries: 20,
  exitRules: 20,
  goals: 20,
  visits: 1000,
  maxVisits: 10_000,
  stepsPerAdvance: 50,
  depth: 10,
  guardPauseMs: 60_000,
} as const;

/** Names of steps, entries and exits: short, lower case, readable in URLs and templates. */
export const slugSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,63}$/, "must start with a letter and hold only a-z, 0-9, _ and - (64 at most)");

/** Names of events. A leading `$` is kept for our own. */
export const eventNameSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^$\p{Cc}][^\p{Cc}]*$/u, "must not start with $ nor hold control characters");

/** One entry, whatever its kind. */
export const entrySchema = z.strictObject({ kind: z.string(), config: z.unknown(), next: slugSchema });

/** One step, whatever its kind. */
export const stepSchema = z.strictObject({
  kind: z.string(),
  title: z.string().max(200).optional(),
  config: z.unknown(),
  exits: z.record(z.string(), slugSchema.nullable()).default({}),
});

const whileRunningSchema = z.enum(["ignore", "beside", "restart"]).default("ignore");

/**
 * Whether a contact may enter again. `never`, `always`, or `after` a span since the last entry, all counted per `key`
 * when one is given (a template over the event, such as `{{ event.orderId }}`). While a run of the same key is live, a new one is
 * ignored, runs beside it, or takes its place (restart).
 */
const reentrySchema = z
  .discriminatedUnion("mode", [
    z.strictObject({ mode: z.literal("never"), key: z.string().max(1000).optional() }),
    z.strictObject({
      mode: z.literal("always"),
      key: z.string().max(1000).optional(),
      whileRunning: whileRunningSchema,
    }),
    z.strictObject({
      mode: z.literal("after"),
      span: durationSchema,
      key: z.string().max(1000).optional(),
      whileRunning: whileRunningSchema,
    }),
  ])
  .default({ mode: "never" });

/** What ends a run early: an event (its payload is `event` in `where`), or a condition checked before each step. */
const exitRuleSchema = z.union([
  z.strictObject({ event: eventNameSchema, where: conditionSchema.optional() }),
  z.strictObject({ when: conditionSchema }),
]);

/** What a flow is for: an event (its payload is `event` in `where`) that comes while a run is live, or within a span after it ended. */
const goalSchema = z.strictObject({
  name: slugSchema,
  event: eventNameSchema,
  where: conditionSchema.optional(),
  within: durationSchema,
});
export type Goal = z.output<typeof goalSchema>;

/** Rules for the messages of one flow. `quietHours` take the place of those of the workspace; null switches them off. */
const sendingSchema = z.strictObject({
  quietHours: quietHoursSchema.nullable().optional(),
  rate: rateSchema.optional(),
});

/** How many may come in: on one day of the workspace, by any entry; and how fast starts over an audience are spread. */
const admissionSchema = z.strictObject({
  perDay: z.int().min(1).max(10_000_000).optional(),
  rate: rateSchema.optional(),
});

/** A flow as a person writes it. `schema` is the version of this form; an exit that leads to null ends the run. */
export const flowDefinitionSchema = z.strictObject({
  schema: z.literal(1),
  name: z.string().min(1).max(200),
  description: z.string().max(2000).optional(),
  entries: z.record(slugSchema, entrySchema),
  steps: z.record(slugSchema, stepSchema),
  reentry: reentrySchema,
  exitWhen: z.array(exitRuleSchema).max(flowLimits.exitRules).default([]),
  /** How many steps a run may take before the loop guard ends it. */
  maxSteps: z.int().min(1).max(flowLimits.maxVisits).default(flowLimits.visits),
  /** What goes first when there is much to do; without it, runs take the priority of what started them. */
  priority: z.enum(["high", "normal", "low"]).optional(),
  goals: z
    .array(goalSchema)
    .max(flowLimits.goals)
    .refine((goals) => new Set(goals.map(({ name }) => name)).size === goals.length, "must have different names")
    .default([]),
  sending: sendingSchema.default({}),
  admission: admissionSchema.optional(),
});

export type FlowDefinition = z.output<typeof flowDefinitionSchema>;
