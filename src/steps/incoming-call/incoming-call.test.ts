import { expect, test } from "vitest";
import type { Occurrence } from "../../core/flow/step-kind.ts";
import type { Json } from "../../core/json.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { mapCall } from "./map-call.ts";
import { incomingCall } from "./run.ts";
import { incomingCallEvent } from "./schema.ts";

const config = incomingCall.config.parse({});

function accepts(changes: Partial<Occurrence>) {
  const { scope, now } = stepContext();
  const target = { flowId: "f", entry: "call" };
  const occurrence: Occurrence = {
    id: "e",
    name: incomingCallEvent,
    payload: {},
    acceptedAt: now,
    target,
    depth: 0,
    priority: 1,
    ...changes,
  };
  return incomingCall.accepts(config, occurrence, { entry: "call", scope, now });
}

test("listens to incoming calls and takes those to its own URL", () => {
  expect(incomingCall.listensTo(config, { flowId: "f", entry: "call" })).toEqual([incomingCallEvent]);
  expect(accepts({})).toEqual({ admit: true });
});

test.each([
  [{ target: { flowId: "f", entry: "other" } }, "other_entry"],
  [{ target: { flowId: "f" } }, "other_entry"],
  [{ target: null }, "other_entry"],
  [{ name: "order.paid" }, "other_event"],
])("refuses %j: %s", (changes, reason) => {
  expect(accepts(changes)).toEqual({ admit: false, reason });
});

test("maps email and phone by default, with the token alone", () => {
  expect(config).toEqual({ map: { email: "email", phone: "phone" }, require: [], auth: "token" });
});

test.each([
  { map: {} },
  { map: { plan: "plan" } },
  { map: { email: "" } },
  { map: { email: "a..b" } },
  { map: { email: "email", tags: "tags" } },
  { map: { email: "email", "1st": "x" } },
  { auth: "none" },
  { require: ["plan"] },
  { require: "email" },
  { list: "news" },
])("refuses the configuration %j", (bad) => {
  expect(incomingCall.config.safeParse(bad).success).toBe(false);
});

test("reads identity and properties from nested places", () => {
  const map = {
    externalId: "customer.id",
    email: "$.customer.email",
    plan: "customer.plan",
    sku: "items[0].sku",
    tier: "nope",
  };
  const body = { customer: { id: 42, email: " Ada@Example.com ", plan: { name: "gold" } }, items: [{ sku: "s1" }] };
  expect(mapCall({ map }, body)).toEqual({
    identity: { externalId: "42", email: "Ada@Example.com" },
    properties: { plan: { name: "gold" }, sku: "s1" },
    issues: [],
  });
});

test.each<[string, Json]>([
  ["an empty object", {}],
  ["empty values", { email: "", phone: null }],
  ["a list", [1]],
  ["text", "hello"],
  ["null", null],
])("a call with %s must say who the contact is", (_name, body) => {
  expect(mapCall(config, body).issues).toEqual([
    { path: "email", message: "must say who the contact is; looked at email, phone" },
  ]);
});

test.each<[string, Json]>([
  ["email", { email: 5 }],
  ["email", { email: ["a@b.example"] }],
  ["phone", { phone: { number: "1" } }],
  ["phone", { phone: "   " }],
])("a call whose %s is no text is refused: %j", (path, body) => {
  expect(mapCall(config, body).issues).toMatchObject([{ path }]);
});

test("what an entry requires must be in the call, all that lacks named at once", () => {
  const { map, require } = incomingCall.config.parse({
    map: { email: "customer.mail", plan: "order.plan", phone: "phone" },
    require: ["email", "plan"],
  }) as Parameters<typeof mapCall>[0] & { require: string[] };
  expect(mapCall({ map, require }, { phone: "+39", order: { plan: "" } }).issues).toEqual([
    { path: "customer.mail", message: "must be there, as the contact's email" },
    { path: "order.plan", message: "must be there, as the property plan" },
  ]);
  expect(mapCall({ map, require }, { customer: { mail: "a@b.example" }, order: { plan: 0 } }).issues).toEqual([]);
});

test("takes no property from a prototype", () => {
  const map = { email: "email", ctor: "constructor.name", proto: "__proto__.x" };
  expect(mapCall({ map }, { email: "a@b.example" }).properties).toEqual({});
});

test("an entry says what its address wants, and where each field of a call is read", () => {
  const parsed = incomingCall.config.parse({ map: { email: "customer.mail", plan: "plan" }, auth: "api-key" });
  expect(incomingCall.call?.settings(parsed)).toEqual({ event: "$incoming-call", auth: "api-key", list: null });
  expect(incomingCall.call?.read(parsed, { customer: { mail: "a@b.example" }, plan: "gold" })).toEqual({
    identity: { email: "a@b.example" },
    properties: { plan: "gold" },
    paths: { email: "customer.mail", plan: "plan" },
    issues: [],
  });
});
