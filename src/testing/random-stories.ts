import fc from "fast-check";
import type { Json, JsonObject } from "../core/json.ts";
import { randomClub, randomFlow, randomSegments, soundFlow } from "./random-flows.ts";

const reentry = fc.constantFrom<JsonObject>(
  { mode: "never" },
  { mode: "always" },
  { mode: "always", whileRunning: "restart" },
  { mode: "always", whileRunning: "beside", key: "{{ event.key }}" },
  { mode: "after", span: { amount: 3, unit: "minutes" } },
);

const [tagged, recent, outsider] = randomSegments;
const outside: Json = { field: "contact.seen", operator: "is", value: "outside" };

/** `{{minute:5}}` stands for the time of day so many minutes after the story has begun. */
const entries: JsonObject[] = [
  { kind: "event", config: { event: "other" } },
  { kind: "event", config: { event: "other", where: { event: "go", count: { atLeast: 2 } } } },
  { kind: "property-changed", config: { property: "seen", alsoWhenSetAgain: true } },
  { kind: "property-changed", config: { property: "seen", to: "inside" } },
  { kind: "tag-changed", config: { tag: "a", change: "added" } },
  { kind: "tag-changed", config: { tag: "b", change: "removed" } },
  { kind: "list-changed", config: { list: randomClub, change: "joined" } },
  { kind: "list-changed", config: { list: randomClub, change: "left" } },
  { kind: "segment-changed", config: { segment: tagged, change: "entered" } },
  { kind: "segment-changed", config: { segment: tagged, change: "left" } },
  { kind: "segment-changed", config: { segment: recent, change: "entered" } },
  { kind: "segment-changed", config: { segment: recent, change: "left" } },
  { kind: "message-event", config: { event: "sent" } },
  { kind: "message-event", config: { event: "opened" } },
  { kind: "message-event", config: { event: "clicked", link: "https://example.com/*" } },
  { kind: "message-event", config: { event: "delivered", where: { message: "opened" } } },
  { kind: "message-event", config: { event: "held" } },
  { kind: "message-event", config: { event: "deferred" } },
  { kind: "inbound-message", config: { keywords: ["hello"], match: "contains" } },
  { kind: "inbound-message", config: { channel: "email", where: { segment: outsider } } },
  { kind: "start", config: { variables: { n: { type: "number", required: true } } } },
  { kind: "schedule", config: { cron: "*/15 * * * *", audience: { where: outside } } },
  { kind: "schedule", config: { cron: "*/15 * * * *", audience: { list: randomClub } } },
  { kind: "schedule", config: { cron: "*/15 * * * *", audience: { segment: outsider }, variables: { key: "k3" } } },
  { kind: "date", config: { property: "due", at: "{{minute:9}}" } },
  { kind: "date", config: { property: "due", at: "{{minute:20}}", repeat: "yearly", audience: { where: outside } } },
] as unknown as JsonObject[];

/** The kinds of entries by which random flows start. */
export const randomEntryKinds = [...new Set(entries.map(({ kind }) => String(kind)))];

const quiet = { from: "{{minute:3}}", to: "{{minute:8}}" };
const sending = fc.constantFrom<JsonObject>(
  {},
  {},
  { quietHours: { ...quiet, action: "hold" } },
  { quietHours: { ...quiet, action: "drop" } },
  { rate: { count: 1, per: "minute" } },
);
const admission = fc.constantFrom<JsonObject>({}, {}, { admission: { perDay: 2 } });

/** A flow as JSON that can run, made of every kind of step. It starts on `go`, and by up to two other entries of any kind. */
export const randomDefinition: fc.Arbitrary<JsonObject> = fc
  .record({
    spec: randomFlow,
    reentry,
    others: fc.subarray(entries, { maxLength: 2 }),
    sending,
    admission,
  })
  .map(({ spec, reentry: rule, others, sending: ofMails, admission: cap }) => {
    const { definition } = soundFlow(spec);
    const [first = ""] = Object.keys(definition.steps);
    const added = others.map((entry, index) => [`other${index}`, { ...entry, next: first }] as const);
    const all = { ...definition.entries, ...Object.fromEntries(added) };
    // Each mail would start others without end otherwise.
    const isFed = others.some(({ kind }) => kind === "message-event");
    const rest = {
      sending: ofMails,
      ...cap,
      reentry: isFed ? { mode: "after", span: { amount: 3, unit: "minutes" } } : rule,
    };
    return JSON.parse(JSON.stringify({ ...definition, name: "Random", entries: all, ...rest })) as JsonObject;
  });

/** Caps of the workspace on mails to one contact. */
export const randomCaps = fc.constantFrom<JsonObject[]>(
  [],
  [],
  [{ count: 2, hours: 1, action: "drop" }],
  [{ count: 1, hours: 1, action: "hold" }],
);

/** Something that happens to one of two contacts, so many minutes after the beginning. */
export type Happening = { minute: number; who: 0 | 1 } & (
  | { kind: "event"; name: string; payload: JsonObject; properties: JsonObject }
  | { kind: "change"; change: JsonObject; lists: Record<string, "subscribed" | "unsubscribed"> }
  | { kind: "inbound"; text: string }
  | { kind: "message"; event: "delivered" | "opened" | "clicked"; link?: string }
  | { kind: "start"; n: number }
);

const minute = fc.nat({ max: 12 });
const anybody = fc.constantFrom<0 | 1>(0, 0, 1);
// Audiences are of the first contact alone: whom of two they start first would be a race.
const first = fc.constant<0>(0);
const event = fc.record({
  kind: fc.constant("event" as const),
  minute,
  who: anybody,
  name: fc.constantFrom("go", "go", "stop", "other"),
  payload: fc.constantFrom<JsonObject>({ key: "k1" }, { key: "k2" }, {}),
  properties: fc.constant<JsonObject>({}),
});
const seen = event.map((made) => ({ ...made, who: 0 as const, properties: { seen: "outside" } }));
const change = fc.record({
  kind: fc.constant("change" as const),
  minute,
  who: first,
  change: fc.constantFrom<JsonObject>(
    { addTags: ["a"] },
    { addTags: ["b"], removeTags: ["a"] },
    { removeTags: ["b"] },
    { properties: { seen: "inside" } },
    { properties: { seen: null } },
    {},
  ),
  lists: fc.constantFrom<Record<string, "subscribed" | "unsubscribed">>(
    {},
    { [randomClub]: "subscribed" },
    { [randomClub]: "unsubscribed" },
  ),
});
const inbound = fc.record({
  kind: fc.constant("inbound" as const),
  minute,
  who: anybody,
  text: fc.constantFrom("Hello there", "no"),
});
const opened = fc.record({
  kind: fc.constant("message" as const),
  minute,
  who: anybody,
  event: fc.constantFrom("delivered" as const, "opened" as const),
});
const clicked = fc.record({
  kind: fc.constant("message" as const),
  minute,
  who: anybody,
  event: fc.constant("clicked" as const),
  link: fc.constantFrom("https://example.com/a", "https://example.org/"),
});
const start = fc.record({ kind: fc.constant("start" as const), minute, who: anybody, n: fc.nat(9) });

export const randomStory: fc.Arbitrary<Happening[]> = fc
  .array(fc.oneof(event, event, seen, change, inbound, opened, clicked, start), { minLength: 2, maxLength: 10 })
  .map((all) => all.sort((one, other) => one.minute - other.minute));
