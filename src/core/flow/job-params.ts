import { z } from "zod";
import { type Condition, conditionSchema } from "../condition/condition.ts";
import { slugSchema } from "./definition.ts";
import { endedStatuses, liveStatuses } from "./run.ts";

/** The names of the jobs that work through the runs of a flow. */
export const migrateJob = "migrate";
export const actJob = "act";

const version = z.int().min(1).max(2_147_483_647);

/** `map`: where the runs at a step go, null to end them; steps of the same name and kind need not be named. `share`: per cent of contacts. */
export const migrationSchema = z.strictObject({
  from: version,
  to: version,
  map: z.record(slugSchema, slugSchema.nullable()).default({}),
  share: z.number().gt(0).max(100).default(100),
});
export type MigrationInput = z.input<typeof migrationSchema>;

/** What a migration is told. */
export const migrateParams = migrationSchema.extend({ by: z.string() });
export type MigrateParams = z.output<typeof migrateParams>;

export const runActionSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("cancel"), note: z.string().max(500).optional() }),
  z.strictObject({ kind: z.literal("retry") }),
  z.strictObject({ kind: z.literal("skip-wait") }),
  z.strictObject({ kind: z.literal("move"), step: slugSchema }),
]);

const instant = z.iso.datetime({ offset: true, error: "must be an instant such as 2026-03-01T10:00:00Z" });

/**
 * Which runs of a flow are meant: those that fit all of it. `entered...` is when they came to the step they stand on;
 * `segment` and `where` are about the contact.
 */
export const runFilterSchema = z.strictObject({
  flowId: z.string().max(64),
  version: version.optional(),
  step: slugSchema.optional(),
  status: z.enum([...liveStatuses, ...endedStatuses]).optional(),
  enteredAfter: instant.optional(),
  enteredBefore: instant.optional(),
  segment: z.uuid("must be a UUID").optional(),
  where: conditionSchema.optional(),
});
export type RunFilterInput = z.output<typeof runFilterSchema>;

/** What a filter asks of the contact of a run, undefined when nothing. */
export function contactCondition({ segment, where }: Pick<RunFilterInput, "segment" | "where">): Condition | undefined {
  if (segment === undefined) return where;
  return where === undefined ? { segment } : { and: [{ segment }, where] };
}

/** What an action on many runs is told. */
export const actParams = z.object({
  action: runActionSchema,
  filter: runFilterSchema,
  dryRun: z.boolean(),
  by: z.string(),
});
export type ActParams = z.output<typeof actParams>;
