import { z } from "zod";
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

export const flowCountsView = z.object({
  flowId: z.string(),
  versions: z.array(
    z.object({
      version: z.int(),
      started: z.int(),
      completed: z.int(),
      exited: z.int(),
      failed: z.int(),
      cancelled: z.int(),
      exits: z
        .record(z.string(), z.record(z.string(), z.int()))
        .describe("How often each exit of each step was taken."),
      goals: z.record(z.string(), z.int()).describe("How many runs reached each goal."),
      dropped: z
        .record(z.string(), z.record(z.string(), z.int()))
        .describe("How many messages of each step a rule kept from going, by rule."),
    }),
  ),
});
