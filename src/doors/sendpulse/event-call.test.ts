import { expect, test } from "vitest";
import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { readEventCall } from "./event-call.ts";
import { nestFields } from "./form-fields.ts";

const email = "a@b.example";

function refusal(act: () => unknown) {
  try {
    act();
  } catch (error) {
    return error instanceof AppError ? [error.code, error.issues[0]?.path, error.message] : error;
  }
  return null;
}

test.each<[string, JsonObject, object]>([
  ["an email alone", { email }, { email, phone: null }],
  ["spaces around", { email: ` ${email} `, phone: "" }, { email, phone: null }],
  ["null for what is not there", { email: null, phone: "+390612345678" }, { email: null, phone: "+390612345678" }],
  ["digits alone, as SendPulse keeps phones", { phone: "380931112233" }, { email: null, phone: "+380931112233" }],
  ["digits as a number", { phone: 380931112233 }, { email: null, phone: "+380931112233" }],
  ["digits in groups", { phone: "38 (093) 111-22-33" }, { email: null, phone: "+380931112233" }],
  ["a phone of no country", { phone: "093 111" }, { email: null, phone: "093 111" }],
])("reads a contact with %s", (_name, body, contact) => {
  expect(readEventCall(body, { isForm: false }).contact).toEqual(contact);
});

test("a plus that form decoding made a space is one in what flows see too", () => {
  expect(readEventCall({ phone: " 390612345678" }, { isForm: true })).toEqual({
    contact: { email: null, phone: "+390612345678" },
    automation: null,
    payload: { phone: "+390612345678" },
  });
});

test.each<[string, Json, string]>([
  ["nobody", { name: "x" }, "email"],
  ["empty texts", { email: " ", phone: "" }, "email"],
  ["a list as email", { email: [email] }, "email"],
  ["an object as phone", { email, phone: {} }, "phone"],
  ["a list as body", [{ email }], ""],
  ["nothing as body", null, ""],
])("refuses %s", (_name, body, path) => {
  expect(refusal(() => readEventCall(body, { isForm: false }))).toEqual(["invalid_request", path, expect.any(String)]);
});

test.each<[Json, boolean, number | null]>([
  [12, false, 12],
  [null, false, null],
  ["12", true, 12],
  ["", true, null],
])("takes automation_id %j (form: %s) as %j, and out of the variables", (value, isForm, automation) => {
  const call = readEventCall({ email, automation_id: value }, { isForm });
  expect(call).toMatchObject({ automation, payload: { email } });
  expect(call.payload).not.toHaveProperty("automation_id");
});

test.each<[JsonObject, boolean, string, string]>([
  [{ automation_id: "12" }, false, "automation_id", "this is text"],
  [{ automation_id: [12] }, false, "automation_id", "this is an array"],
  [{ automation_id: 1.5 }, false, "automation_id", "no such number"],
  [{ automation_id: 0 }, false, "automation_id", "no such number"],
  [{ automation_id: 1e300 }, false, "automation_id", "no such number"],
  [{ automation_id: true }, false, "automation_id", "no such number"],
  [{ automation_id: "twelve" }, true, "automation_id", "this is text"],
  [{ products: [{ name: "x" }, { automation_id: 12 }] }, false, "products[1].automation_id", "top level"],
  [{ order: { automation_id: 12 } }, false, "order.automation_id", "top level"],
])("refuses %j (form: %s) at %s, and says why", (...[fields, isForm, path, why]) => {
  expect(refusal(() => readEventCall({ email, ...fields }, { isForm }))).toEqual([
    "invalid_request",
    path,
    expect.stringContaining(why),
  ]);
});

test("names with brackets are lists and objects, as PHP writes them", () => {
  const text =
    "email=a&products[0][name]=Shoe&products[0][price]=5&products[1][name]=Hat&tags[]=x&tags[]=y&map[a]=1&gap[1]=z";
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const earlier = fields[name];
    fields[name] = earlier === undefined ? value : [earlier, value].flat();
  }
  expect(nestFields(fields)).toEqual({
    email: "a",
    products: [{ name: "Shoe", price: "5" }, { name: "Hat" }],
    tags: ["x", "y"],
    map: { a: "1" },
    gap: { "1": "z" },
  });
});

test.each(["a[", "a]b[", "[a]", "a[b", "a[b]c", "a[__proto__][x]", `a${"[b]".repeat(40)}`])(
  "the name %s stays a name",
  (name) => {
    expect(nestFields({ [name]: "x", "b[0]": "y" })).toEqual({ [name]: "x", b: ["y"] });
  },
);

test("names that would reach for a prototype are refused", () => {
  expect(refusal(() => nestFields({ "constructor[prototype][x]": "1" }))).toEqual([
    "invalid_request",
    "constructor",
    expect.any(String),
  ]);
  expect(Object.hasOwn(Object.prototype, "x")).toBe(false);
});
