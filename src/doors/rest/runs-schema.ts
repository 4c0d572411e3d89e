import { z } from "zod";
import { slugSchema } from "../../core/flow/definition.ts";
import { runActionSchema, runFilterSchema } from "../../core/flow/job-params.ts";
import { endedStatuses, liveStatuses } from "../../core/flow/run.ts";
import { messageView } from "./messages-schema.ts";
import { anyJson, jsonObject, pageFields, pageOf } from "./schema.ts";

const status = z.enum([...liveStatuses, ...endedStatuses]);

const runFields = {
  id: z.string(),
  flowId: z.string(),
  version: z.int(),
  contactId: z.string(),
  key: z.string().nullable(),
  entry: z.string(),
  status,
  step: z.string().nullable(),
  visit: z.int(),
  enteredAt: z.date(),
  wakeAt: z.date().nullable(),
  reason: z.string().nullable(),
  event: z.object({ id: z.string(), name: z.string(), at: z.date() }),
  startedAt: z.date(),
  endedAt: z.date().nullable(),
};

export const runView = z.object(runFields).meta({ id: "Run" });
export const runPage = pageOf(runView);

const trailEntry = z.object({
  visit: z.int(),
  step: z.string(),
  kind: z.string(),
  enteredAt: z.string(),
  at: z.string(),
  durationMs: z.number().describe("How long the run had stood at the step by then."),
  outcome: z
    .string()
    .describe("went, waiting, asked, retrying, performed, moved, ended, exited, failed, cancelled or dropped."),
  exit: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  detail: anyJson.optional(),
});

export const runDetail = z.object({
  ...runFields,
  payload: jsonObject.describe("The payload of the event that started it."),
  vars: jsonObject,
  steps: jsonObject.describe("What each step left under its name."),
  trail: z.array(trailEntry).describe("Every step it took, oldest first."),
  messages: z.array(messageView),
  conversions: z
    .array(z.object({ goal: z.string(), eventId: z.string(), at: z.date() }))
    .describe("The goals it reached, and by which event."),
});

export const runQuery = z.strictObject({
  flowId: z.string().max(64).optional(),
  contactId: z.string().max(64).optional(),
  status: status.optional(),
  ...pageFields,
});

export const cancelBody = z.strictObject({ reason: z.string().max(500).optional() }).optional();
export const moveBody = z.strictObject({ step: slugSchema }).meta({ examples: [{ step: "pause" }] });

export const runActionsBody = z
  .strictObject({
    action: runActionSchema,
    filter: runFilterSchema,
    dryRun: z.boolean().default(false).describe("Only count the runs."),
  })
  .meta({
    examples: [
      {
        action: { kind: "skip-wait" },
        filter: { flowId: "0190a000-0000-7000-8000-000000000001", step: "pause", status: "waiting" },
        dryRun: true,
      },
    ],
  });
