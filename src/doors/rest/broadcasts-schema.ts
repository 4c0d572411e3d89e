import { z } from "zod";
import { broadcastStates } from "../../core/broadcast-state.ts";
import { conditionSchema } from "../../core/condition/condition.ts";
import { issueList, jsonObject, pageFields, pageOf } from "./schema.ts";

const identity = z.string().max(1000).nullish();
const contact = z.strictObject({
  id: z.string().max(64).optional(),
  externalId: identity,
  email: identity,
  phone: identity,
});
const id = z.uuid("must be a UUID").optional();
const priority = z.enum(["high", "normal", "low"]);

export const startBody = z
  .strictObject({
    contact: contact.optional().describe("By id or by identities."),
    contacts: z.array(contact).min(1).max(1000).optional(),
    list: id.describe("Everyone who is subscribed to it."),
    segment: id.describe("Everyone in it."),
    where: conditionSchema.optional().describe("Every contact for whom the condition holds."),
    variables: jsonObject.optional().describe("What the entry declares. In the flow they are `event`."),
    entry: z.string().max(64).optional().describe("Which entry, when the flow has several that can be started."),
    priority: priority
      .optional()
      .describe("normal for contacts and low for audiences, unless given. That of the flow comes first."),
  })
  .meta({ examples: [{ contact: { email: "ada@example.com" }, variables: { coupon: "SPRING" } }] });

const startResult = z.union([
  z.object({ status: z.literal("queued"), eventId: z.string(), contactId: z.string() }),
  z.object({ status: z.literal("refused"), issues: issueList }),
]);

const audience = z.union([
  z.object({ list: z.string() }),
  z.object({ segment: z.string() }),
  z.object({ where: z.unknown() }),
]);

export const broadcastView = z
  .object({
    id: z.string(),
    flowId: z.string(),
    entry: z.string(),
    cause: z.string().describe("api, schedule or date."),
    audience: audience.nullable().describe("Null: everyone."),
    variables: jsonObject,
    priority,
    window: z
      .object({ from: z.date(), to: z.date() })
      .nullable()
      .describe("The span of time that it makes up for, when the clock started it."),
    state: z.enum(broadcastStates).describe("skipped: a schedule that was overdue for too long."),
    reason: z.string().nullable(),
    counts: z.object({
      expected: z.int().nullable().describe("How many are in the list or segment; null when nobody has counted."),
      queued: z.int().describe("How many were put in line to start."),
    }),
    nextAt: z.date().nullable().describe("When it goes on, while it is running."),
    createdBy: z.string().nullable(),
    createdAt: z.date(),
    endedAt: z.date().nullable(),
  })
  .meta({ id: "Broadcast" });

export const contactsStarted = z.object({ flowId: z.string(), entry: z.string(), results: z.array(startResult) });
export const audienceStarted = z.object({ flowId: z.string(), entry: z.string(), broadcast: broadcastView });
export const broadcastPage = pageOf(broadcastView);
export const broadcastQuery = z.strictObject({
  flowId: z.string().max(64).optional(),
  state: z.enum(broadcastStates).optional(),
  ...pageFields,
});
