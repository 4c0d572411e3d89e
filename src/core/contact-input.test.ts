import { expect, test } from "vitest";
import { contactLimits, readIdentity, readProperties, readTags, settingIssues } from "./contact-input.ts";
import type { JsonObject } from "./json.ts";

test("brings identities to one form, and leaves out what is null or missing", () => {
  const input = { externalId: "  u-1 ", email: " Ada@Example.COM", phone: "+39 333 123 4567" };
  expect(readIdentity(input)).toEqual({
    identity: { externalId: "u-1", email: "ada@example.com", phone: "+393331234567" },
    issues: [],
  });
  expect(readIdentity({ externalId: "u-1", email: null, phone: undefined })).toEqual({
    identity: { externalId: "u-1" },
    issues: [],
  });
});

test("names every broken identity by its path", () => {
  const { issues } = readIdentity({ email: "x", phone: "0" }, { path: "events[3].contact" });
  expect(issues.map(({ path }) => path)).toEqual(["events[3].contact.email", "events[3].contact.phone"]);
});

test("somebody must be named, unless that is not required", () => {
  expect(readIdentity({ email: null }, { path: "contact" }).issues).toMatchObject([{ path: "contact" }]);
  expect(readIdentity({}, { required: false }).issues).toEqual([]);
});

test.each([" ", "x".repeat(257), "a\nb", "a\ud800"])("refuses the external id %j", (externalId) => {
  expect(readIdentity({ externalId }).issues).toMatchObject([{ path: "externalId" }]);
});

test("takes properties of any JSON, null included", () => {
  const properties = { plan: "gold", address: { city: "Roma" }, scores: [1, 2.5], gone: null, "with-dash_1": true };
  expect(readProperties(properties)).toEqual({ properties, issues: [] });
});

test.each<[JsonObject, string]>([
  [{ email: "x" }, "properties.email"],
  [{ "1x": 1 }, "properties.1x"],
  [{ "a b": 1 }, "properties.a b"],
  [{ a: "\0" }, "properties.a"],
  [{ a: { b: ["\ud800"] } }, "properties.a.b[0]"],
  [JSON.parse(`{"a": ${"[".repeat(40)}${"]".repeat(40)}}`) as JsonObject, `properties.a${"[0]".repeat(31)}`],
])("refuses %j", (properties, path) => {
  expect(readProperties(properties).issues.map((issue) => issue.path)).toEqual([path]);
});

test.each<[number, string, number]>([
  [contactLimits.propertiesBytes - 8, "x", 0],
  [contactLimits.propertiesBytes - 7, "x", 1],
  [(contactLimits.propertiesBytes - 8) / 2, "é", 0],
  [(contactLimits.propertiesBytes - 6) / 2, "é", 1],
])("counts bytes and not characters: %i times %s", (count, letter, issues) => {
  expect(readProperties({ a: letter.repeat(count) }).issues).toHaveLength(issues);
});

test("trims tags and keeps each once", () => {
  expect(readTags([" vip", "vip ", "new"])).toEqual({ tags: ["vip", "new"], issues: [] });
});

test("refuses tags that are empty, too long, too many or cannot be kept", () => {
  expect(readTags(["a", " ", "x".repeat(65), "\0b"], "addTags").issues.map(({ path }) => path)).toEqual([
    "addTags[1]",
    "addTags[2]",
    "addTags[3]",
  ]);
  expect(readTags(Array.from({ length: 201 }, (_, index) => `t${index}`)).issues).toMatchObject([{ path: "tags" }]);
});

test.each<[string | null, string | null, string[]]>([
  ["Europe/Rome", "it", []],
  ["UTC", "zh-Hant-TW", []],
  [null, null, []],
  ["Nowhere/City", "i t", ["timeZone", "locale"]],
])("the time zone %j and the locale %j", (timeZone, locale, paths) => {
  expect(settingIssues({ timeZone, locale }).map(({ path }) => path)).toEqual(paths);
});
