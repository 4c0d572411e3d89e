import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { anyJson, instantText, jsonObject } from "./schema.ts";

const version = z.int().min(1).max(2_147_483_647).optional().describe("A published version; the draft without it.");
const answers = anyJson
  .optional()
  .describe('How calls and messages end: {"http": [{"step", "url", "answer": {"status", "body"}}], "messages": []}.');
const until = instantText
  .optional()
  .describe("What would happen later is left out; a year after the last event without it.");

export const simulateBody = z
  .strictObject({
    version,
    contacts: z.array(anyJson).optional().describe("Contacts as they are before anything happens; at most 1000."),
    events: z.array(anyJson).optional().describe("What happens; at most 1000. Each has name, contact, at and payload."),
    recorded: z
      .strictObject({ contactId: z.string().max(64).optional(), last: z.int().min(1).max(1000) })
      .optional()
      .describe("Instead of events: the last ones of a contact, or of the workspace."),
    answers,
    now: instantText.optional().describe("The time of what has none of its own."),
    until,
  })
  .meta({
    examples: [
      {
        contacts: [{ email: "ada@example.com", properties: { plan: "gold" } }],
        events: [
          { name: "order.paid", contact: "ada@example.com", at: "2026-03-01T10:00:00Z", payload: { total: 42 } },
        ],
        answers: { http: [{ step: "ask", answer: { status: 200, body: { tier: "gold" } } }] },
      },
    ],
  });

const counts = {
  version: z.int(),
  started: z.int(),
  completed: z.int(),
  exited: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  live: z.int().describe("Runs that still stand somewhere in the end."),
  exits: z.record(z.string(), z.record(z.string(), z.int())).describe("How often each exit of each step was taken."),
  messages: z.record(z.string(), z.int()).describe("Messages sent, by step."),
};

export const simulationView = z.object({
  from: z.string(),
  until: z.string(),
  isCut: z.boolean().describe("A limit of steps or time ended it early."),
  contacts: z.array(
    z.object({
      id: z.string(),
      externalId: z.string().nullable(),
      email: z.string().nullable(),
      phone: z.string().nullable(),
      path: z.array(z.string()).describe("`step:exit` for each step left; `step` where it ended, or `!reason`."),
      steps: z.array(anyJson),
      messages: z.array(anyJson),
      calls: z.array(anyJson),
      events: z.array(anyJson),
      outcomes: z.array(anyJson).describe("What each event did to the flow, or why nothing."),
      runs: z.array(anyJson),
      contact: jsonObject.describe("The contact in the end."),
    }),
  ),
  counts: z.array(z.object({ flow: z.string(), flowId: z.string(), ...counts })),
  warnings: z.array(z.string()),
});

export const dryRunBody = z
  .strictObject({
    version,
    listId: z.string().max(64).optional().describe("Those subscribed to the list."),
    where: conditionSchema.optional().describe("Those for whom it holds; it looks at the contact only."),
    share: z.number().optional().describe("A part of them, above 0 and up to 1: always the same ones."),
    limit: z.int().optional().describe("At most so many contacts, newest first: 1000, and up to 10000."),
    entry: z.string().max(64).optional().describe("The entry they come in by, when there are several."),
    payload: jsonObject.optional().describe("The payload of the event that brings them in."),
    answers,
    until,
  })
  .meta({ examples: [{ where: { field: "contact.plan", operator: "is", value: "gold" }, limit: 500 }] });

export const dryRunView = z.object({
  contacts: z.int().describe("How many were tried."),
  isCut: z.boolean().describe("There are more than were tried."),
  counts: z.object(counts),
  notStarted: z.record(z.string(), z.int()).describe("How many did not come in, by reason."),
  warnings: z.array(z.string()),
});
