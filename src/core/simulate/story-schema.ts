import { z } from "zod";
import { membershipStates } from "../contact.ts";
import type { JsonObject } from "../json.ts";
import { instantSchema } from "../time.ts";

const jsonObject = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject, JsonObject>;
const identity = {
  id: z.uuid().optional(),
  externalId: z.string().max(1000).nullish(),
  email: z.string().max(1000).nullish(),
  phone: z.string().max(1000).nullish(),
};

/** A contact as it is before anything happens. `lists` names ids of lists that it is subscribed to, or gives each its state. */
export const contactInput = z.strictObject({
  ...identity,
  properties: jsonObject.optional(),
  tags: z.array(z.string().max(1000)).max(1000).optional(),
  lists: z
    .union([z.array(z.string().max(200)).max(100), z.record(z.string().max(200), z.enum(membershipStates))])
    .default([]),
  timeZone: z.string().max(100).nullish(),
  locale: z.string().max(100).nullish(),
  createdAt: instantSchema.optional(),
});
export type ContactInput = z.input<typeof contactInput>;

/**
 * Something that happens. `contact` as a text is an e-mail when it holds an @, else an external id. `at` (or `occurredAt`, as the API says) is
 * when; without it, the time of the event before. `name` may be one of our own (`$tag-added:vip`). Without a name, `entry` names an entry with
 * an address of its own, and the payload is the body of the call.
 */
export const eventInput = z
  .strictObject({
    name: z.string().min(1).max(300).optional(),
    contact: z
      .union([z.string().min(1).max(1000), z.strictObject({ ...identity, properties: jsonObject.optional() })])
      .optional(),
    payload: jsonObject.default({}),
    at: instantSchema.optional(),
    occurredAt: instantSchema.optional(),
    flow: z.string().max(200).optional(),
    flowId: z.string().max(200).optional(),
    entry: z.string().max(64).optional(),
  })
  .refine(({ name, entry }) => name !== undefined || entry !== undefined, {
    path: ["name"],
    error: "must be there, unless entry names an incoming call",
  });
export type EventInput = z.input<typeof eventInput>;
export type ReadEventInput = z.output<typeof eventInput>;

export const storyLimits = { contacts: 10_000, events: 100_000, payloadBytes: 256_000 } as const;
