import { z } from "zod";
import { type MembershipState, membershipStates } from "../contact.ts";
import { idOfName } from "../flow/references.ts";
import { isUuid } from "../id.ts";
import type { JsonObject } from "../json.ts";
import { maxLinkLength, messageChannels, messageFeedback } from "../message/message-event.ts";
import { instantSchema } from "../time.ts";

const jsonObject = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject, JsonObject>;
const identity = {
  id: z.uuid().optional(),
  externalId: z.string().max(1000).nullish(),
  email: z.string().max(1000).nullish(),
  phone: z.string().max(1000).nullish(),
};

const tags = z.array(z.string().max(1000)).max(1000).optional();
const settings = {
  properties: jsonObject.optional(),
  tags,
  timeZone: z.string().max(100).nullish(),
  locale: z.string().max(100).nullish(),
};
const lists = z.union([z.array(z.string().max(200)).max(100), z.record(z.string().max(200), z.enum(membershipStates))]);

/** A contact as it is before anything happens. `lists` and `segments` name those that it is in; a list can be given its state. */
export const contactInput = z.strictObject({
  ...identity,
  ...settings,
  lists: lists.default([]),
  /** Ids; without them the definitions of the segments say it. */
  segments: z.array(z.string().max(200)).max(1000).optional(),
  createdAt: instantSchema.optional(),
});
export type ContactInput = z.input<typeof contactInput>;

/** A write of the contact by itself, as the API has it. */
const changeInput = z.strictObject({ ...settings, addTags: tags, removeTags: tags, lists: lists.default([]) });

/** A message from the contact. */
const inboundInput = z.strictObject({
  channel: z.enum(messageChannels).default("email"),
  text: z.string().max(50_000),
});

/** What is reported of the newest message that was sent to the contact, of a flow and a step where they are named. */
const reportInput = z.strictObject({
  event: z.enum(messageFeedback),
  flow: z.string().max(200).optional(),
  step: z.string().max(64).optional(),
  link: z.string().max(maxLinkLength).optional(),
});

/**
 * Something that happens. `contact` as a text is an e-mail when it holds an @, else an external id. `at` (or `occurredAt`, as the API says) is
 * when; without it, the time of the event before. `name` may be one of our own (`$tag-added:vip`). Without a name, `entry` names an entry with
 * an address of its own, and the payload is the body of the call, or one that the API starts, and the payload has the variables.
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
    change: changeInput.optional(),
    inbound: inboundInput.optional(),
    message: reportInput.optional(),
  })
  .refine((event) => event.name !== undefined || event.entry !== undefined || insteadOf(event).length > 0, {
    path: ["name"],
    error:
      "must be there, unless entry names an incoming call or a start, or there is a change, an inbound or a message",
  })
  .refine((event) => insteadOf(event).length + (event.name === undefined && event.entry === undefined ? 0 : 1) <= 1, {
    error: "must have one of name (or entry), change, inbound and message",
  });
export type EventInput = z.input<typeof eventInput>;
export type ReadEventInput = z.output<typeof eventInput>;

function insteadOf({
  change,
  inbound,
  message,
}: {
  change?: unknown;
  inbound?: unknown;
  message?: unknown;
}): unknown[] {
  return [change, inbound, message].filter((given) => given !== undefined);
}

/** The state of the contact in each of the lists, by id; a list by its name has the id that references to it have in files. */
export function readLists(given: z.output<typeof lists>): Record<string, MembershipState> {
  const states = Array.isArray(given) ? given.map((list) => [list, "subscribed"] as const) : Object.entries(given);
  return Object.fromEntries(
    states.map(([list, state]) => [isUuid(list) ? list : idOfName({ kind: "list", name: list }), state]),
  );
}

export const storyLimits = { contacts: 10_000, events: 100_000, payloadBytes: 256_000 } as const;
