import { expect, test } from "vitest";
import { type ContactChangeInput, changeContact, readContactChange } from "./contact-change.ts";

const contact = {
  externalId: "u-1",
  email: "a@b.example",
  phone: null,
  properties: { a: 1, b: 2 },
  tags: ["x", "y"],
  timeZone: "UTC",
  locale: null,
};

function change(input: ContactChangeInput) {
  const read = readContactChange(input, { required: false });
  expect(read.issues).toEqual([]);
  return changeContact(contact, read);
}

test.each<[string, ContactChangeInput, Partial<typeof contact>]>([
  ["nothing", {}, {}],
  ["an e-mail", { email: "New@B.example" }, { email: "new@b.example" }],
  ["an e-mail cleared", { email: null }, { email: null as never }],
  ["properties laid over", { properties: { b: null, c: 3 } }, { properties: { a: 1, c: 3 } as never }],
  [
    "properties replaced",
    { properties: { c: 3, d: null }, replaceProperties: true },
    { properties: { c: 3 } as never },
  ],
  [
    "properties replaced, but for some",
    { properties: { c: 3 }, replaceProperties: true, keepProperties: ["b", "x"] },
    { properties: { b: contact.properties.b, c: 3 } as never },
  ],
  [
    "values added to lists, each once",
    { properties: { c: [1, { d: 1 }] }, addToProperties: { c: [{ d: 1 }, 2, 2], n: ["x"], a: ["y"] } },
    { properties: { ...contact.properties, c: [1, { d: 1 }, 2], n: ["x"], a: ["y"] } as never },
  ],
  ["tags added and removed", { addTags: ["z", "x"], removeTags: ["y"] }, { tags: ["x", "z"] }],
  ["tags replaced", { tags: ["n"], addTags: ["m"], removeTags: ["n"] }, { tags: ["m"] }],
  ["settings", { timeZone: null, locale: "it" }, { timeZone: null as never, locale: "it" as never }],
])("changes %s and leaves the rest", (_name, input, changed) => {
  expect(change(input)).toEqual({ contact: { ...contact, ...changed }, issues: [] });
});

test("the last identity cannot be cleared", () => {
  expect(change({ externalId: null, email: null }).issues).toHaveLength(1);
  expect(change({ externalId: null, email: null, phone: "+393331234567" }).issues).toEqual([]);
});

test("a contact cannot come to hold too much, although the change itself is small", () => {
  const read = readContactChange({ addTags: ["one"], properties: { c: "x" } }, { required: false });
  const full = {
    ...contact,
    properties: { a: "x".repeat(99_990) },
    tags: Array.from({ length: 200 }, (_, index) => `t${index}`),
  };
  expect(changeContact(full, read).issues.map(({ path }) => path)).toEqual(["properties", "addTags"]);
});

test("all broken fields are named at once", () => {
  const { issues } = readContactChange(
    { email: "x", properties: { id: 1 }, addTags: [""], timeZone: "x/y" },
    { required: true },
  );
  expect(issues.map(({ path }) => path)).toEqual(["email", "properties.id", "addTags[0]", "timeZone"]);
});
