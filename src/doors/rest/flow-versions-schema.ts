import { z } from "zod";
import { migrationSchema } from "../../core/flow/job-params.ts";
import { flowView } from "./flows-schema.ts";
import { jobView } from "./jobs-schema.ts";
import { anyJson } from "./schema.ts";

const version = z.coerce.number().int().min(1).max(2_147_483_647);
const versionRef = z.union([version, z.literal("draft")]);

export const diffQuery = z.strictObject({ from: versionRef, to: versionRef.default("draft") });

const fields = z.array(z.object({ path: z.string(), before: anyJson.optional(), after: anyJson.optional() }));
const nodes = z.object({
  added: z.array(z.string()),
  removed: z.array(z.string()),
  changed: z.array(z.object({ name: z.string(), fields })),
});
const changes = { isSame: z.boolean(), entries: nodes, steps: nodes, settings: fields };
const shownRef = z.union([z.int(), z.literal("draft")]);

export const diffView = z.object({ flowId: z.string(), from: shownRef, to: shownRef, ...changes });

export const rollbackBody = z
  .strictObject({ version: z.int().min(1).max(2_147_483_647) })
  .meta({ examples: [{ version: 1 }] });
export const rollbackView = z.object({
  flow: flowView,
  rolledBack: z.object({ from: z.int().nullable(), to: z.int(), as: z.int() }),
  changes: z.object(changes),
});

export const migrationBody = migrationSchema
  .extend({ dryRun: z.boolean().default(false).describe("Only say how many runs would go where.") })
  .meta({ examples: [{ from: 1, to: 2, map: { pause: "longer-pause", survey: null }, dryRun: true }] });

export const migrationView = z.object({
  from: z.int(),
  to: z.int(),
  share: z.number(),
  steps: z.array(z.object({ from: z.string(), to: z.string().nullable(), runs: z.int() })),
  runs: z.int(),
  job: jobView.nullable(),
});

export const forecastQuery = z.strictObject({ action: z.enum(["resume", "publish"]).default("resume") });

const next = z.object({
  straight: z.string().nullable().describe("The first sending step by the first exit of each step."),
  worst: z.array(z.string()).describe("Every first sending step by whichever exits."),
});
const messages = z.object({ straight: z.int(), worst: z.int() });

export const forecastView = z.object({
  flowId: z.string(),
  action: z.string(),
  at: z.date(),
  atOnce: z.int().describe("Runs that move as soon as it is done."),
  messagesAtOnce: messages.describe(
    "At most so many of them come to a message, by the straight path and by the worst.",
  ),
  byHour: z.array(z.object({ from: z.date(), runs: z.int(), messages })).describe("The next 24 hours."),
  steps: z.array(
    z.object({
      version: z.int(),
      step: z.string(),
      runs: z.int(),
      overdue: z.int(),
      byHour: z.array(z.int()),
      next,
    }),
  ),
  entries: z.array(z.object({ entry: z.string(), next })),
  lanesCounted: z.int(),
  isEstimate: z.boolean().describe("There was no time to count everything: what is due is projected from a part."),
});
