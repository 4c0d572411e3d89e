import { z } from "zod";
import { identityFields } from "./contacts-schema.ts";
import { anyJson, instant, instantText, jsonObject, pageFields, pageOf } from "./schema.ts";

const exampleEvent = {
  name: "order.paid",
  contact: { email: "ada@example.com", properties: { firstName: "Ada" } },
  payload: { orderId: "A-1001", total: 42.5 },
};

const contact = z
  .strictObject({ ...identityFields, properties: jsonObject.optional() })
  .describe("At least one of externalId, email and phone. Properties are laid over the contact's.");

/** One event. */
export const eventBody = z
  .strictObject({
    name: z.string(),
    contact,
    payload: jsonObject.optional(),
    occurredAt: instantText.optional().describe("When it happened; the time of acceptance when left out."),
    flow: z
      .union([z.string().max(64), z.int().positive()])
      .optional()
      .describe("Id or number of the one flow it is meant for."),
  })
  .meta({ examples: [exampleEvent] });

/** The items are checked one by one, so that a broken one does not hold up the others. */
export const batchBody = z
  .strictObject({ events: z.array(anyJson).min(1).max(1000) })
  .meta({ examples: [{ events: [exampleEvent] }] });

export const acceptedEvent = z.object({
  eventId: z.string(),
  contactId: z.string(),
  contactCreated: z.boolean(),
  listened: z.boolean().describe("Whether any flow listens to this name."),
});

const rejected = z.object({
  status: z.literal("rejected"),
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
});

export const batchResult = z.object({
  accepted: z.int(),
  rejected: z.int(),
  results: z
    .array(z.union([acceptedEvent.extend({ status: z.literal("accepted") }), rejected]))
    .describe("In the order of the request."),
});

export type BatchResult = z.output<typeof batchResult>;

export const eventQuery = z.strictObject({
  name: z.string().max(128).optional(),
  contactId: z.string().max(64).optional(),
  since: instant.optional(),
  until: instant.optional(),
  ...pageFields,
});

const eventFields = {
  id: z.string(),
  name: z.string(),
  contactId: z.string(),
  payload: jsonObject,
  occurredAt: z.date(),
  acceptedAt: z.date(),
  source: z.string(),
  client: anyJson,
  target: z.object({ flowId: z.string(), entry: z.string().nullable() }).nullable(),
  queued: z.boolean().describe("Whether a flow listened to it as it came in."),
  reason: z.literal("no_flow_listens").nullable(),
};

const outcome = z.object({
  flowId: z.string(),
  version: z.int(),
  entry: z.string().nullable(),
  outcome: z.enum(["started", "not_started", "exited"]),
  reason: z.string().nullable(),
  detail: anyJson,
  runId: z.string().nullable(),
  at: z.date(),
});

export const eventPage = pageOf(z.object(eventFields).meta({ id: "Event" }));

export const eventDetail = z.object({
  ...eventFields,
  outcomes: z.array(outcome).describe("What it did to each flow that listened, or why nothing."),
  pending: z.boolean().describe("It still waits to meet the flows."),
});
