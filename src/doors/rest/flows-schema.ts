import { z } from "zod";
import { overdueSchema } from "../../core/flow/overdue.ts";
import { anyJson, issueList, pageFields, pageOf } from "./schema.ts";

const status = z.enum(["draft", "active", "paused", "archived"]);

const definition = anyJson.describe(
  "The flow as JSON: schema, name, entries, steps, reentry, exitWhen, priority, goals, sending.",
);

const example = {
  definition: {
    schema: 1,
    name: "Thanks",
    entries: { paid: { kind: "event", config: { event: "order.paid" }, next: "mail" } },
    steps: {
      mail: {
        kind: "send-email",
        config: {
          from: "Shop <shop@example.com>",
          to: "{{ contact.email }}",
          subject: "Thanks for order {{ event.orderId }}",
          html: "<p>It is on its way.</p>",
        },
        exits: { next: null },
      },
    },
    reentry: { mode: "always" },
  },
};

export const flowBody = z.strictObject({ definition }).meta({ examples: [example] });
export const publishBody = z.strictObject({ definition: definition.optional() }).optional();

const summaryFields = {
  id: z.string(),
  number: z.int().describe("The small number for people; taken wherever an id is."),
  name: z.string(),
  status,
  version: z.int().nullable().describe("The published version; null when there is none."),
  pauseMode: z
    .enum(["hold", "drain"])
    .nullable()
    .describe("Whether the live runs of a paused flow stand still (hold) or go on (drain)."),
  isReleasing: z.boolean().describe("True while what fell due during a hold is being dealt with."),
  createdAt: z.date(),
  updatedAt: z.date(),
};

export const flowSummary = z.object(summaryFields).meta({ id: "FlowSummary" });

export const flowView = z
  .object({
    ...summaryFields,
    definition: definition,
    issues: issueList.describe("What keeps the draft from being published."),
    incomingCalls: z
      .array(z.object({ entry: z.string(), url: z.string(), token: z.string() }))
      .describe("The addresses of its incoming-call entries. Whoever knows one can call it."),
  })
  .meta({ id: "Flow" });

export const flowPage = pageOf(flowSummary);
export const flowQuery = z.strictObject({ status: status.optional(), ...pageFields });
export const validity = z.object({ valid: z.boolean(), issues: issueList });

export const versionParams = z.object({
  id: z.string().max(200),
  version: z.coerce.number().int().min(1).max(2_147_483_647),
});

const versionFields = { version: z.int(), publishedAt: z.date(), publishedBy: z.string().nullable() };
export const versionPage = pageOf(z.object(versionFields));
export const versionView = z.object({ ...versionFields, flowId: z.string(), definition });

const stepCountsView = z.object({
  entered: z.int(),
  waiting: z.int().describe("Runs that stand on the step now."),
  left: z.record(z.string(), z.int()).describe("By exit."),
  failed: z.int(),
  ended: z.int().describe("Ended there in another way."),
  moved: z.int().describe("Taken away by a jump, a migration or by hand."),
});

export const flowCountsView = z.object({
  flowId: z.string(),
  versions: z.array(
    z.object({
      version: z.int(),
      started: z.int(),
      retried: z.int(),
      completed: z.int(),
      exited: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      movedIn: z.int(),
      movedOut: z.int(),
      live: z.int(),
      exits: z
        .record(z.string(), z.record(z.string(), z.int()))
        .describe("How often each exit of each step was taken."),
      goals: z.record(z.string(), z.int()).describe("How many runs reached each goal."),
      messages: z
        .record(z.string(), z.record(z.string(), z.int()))
        .describe("What became of messages, by step: sent, bounced, failed, held, delivered, opened, clicked."),
      dropped: z
        .record(z.string(), z.record(z.string(), z.int()))
        .describe("How many messages of each step a rule kept from going, by rule."),
      steps: z.record(z.string(), stepCountsView),
    }),
  ),
});

export const pauseBody = z
  .strictObject({
    mode: z.enum(["hold", "drain"]).default("drain").describe("hold: live runs stand still too; drain: they go on."),
  })
  .meta({ examples: [{ mode: "hold" }] })
  .optional();

export const resumeBody = z
  .strictObject({
    overdue: overdueSchema
      .optional()
      .describe("What becomes of what fell due during a hold: run, drop, newest, or spread over a time."),
  })
  .meta({ examples: [{ overdue: { policy: "spread", over: { amount: 2, unit: "hours" } } }] })
  .optional();
