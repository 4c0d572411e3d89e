import fc from "fast-check";
import { expect, test } from "vitest";
import { type EventVariable, eventVariablesSchema, guessVariables, readVariables } from "./event-variables.ts";
import type { Json } from "./json.ts";

const declared: EventVariable[] = [
  { name: "title", type: "string" },
  { name: "total", type: "number" },
  { name: "day", type: "date" },
  { name: "products", type: "structure" },
];

test("guesses the types that a first call shows", () => {
  const payload = {
    ...{ email: "a@b.example", phone: "+390612345678", automation_id: 4 },
    ...{ title: "Shoe", total: 12.5, day: "2021-05-28", products: [{ name: "Shoe" }], none: [] },
    ...{
      flag: true,
      sizes: ["s", "m"],
      nested: { a: 1 },
      nothing: null,
      "2021-05-28T10:00:00Z": "2021-05-28T10:00:00Z",
    },
    notADay: "2021-02-30",
  };
  expect(guessVariables(payload)).toEqual([
    { name: "title", type: "string" },
    { name: "total", type: "number" },
    { name: "day", type: "date" },
    { name: "products", type: "structure" },
    { name: "none", type: "structure" },
    { name: "2021-05-28T10:00:00Z", type: "string" },
    { name: "notADay", type: "string" },
  ]);
});

test("guesses at most a hundred variables, all of which can be declared", () => {
  const payload = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`v${index}`, index]));
  const guessed = guessVariables({ "": 1, ["n".repeat(129)]: 1, "a\0": 1, ...payload });
  expect(guessed).toHaveLength(100);
  expect(eventVariablesSchema.safeParse(guessed).success).toBe(true);
});

test.each<[string, Json, Json]>([
  ["title", 5, "5"],
  ["title", true, "true"],
  ["title", "x".repeat(255), "x".repeat(255)],
  ["total", "12.50", 12.5],
  ["total", " -3 ", -3],
  ["day", "2024-02-29", "2024-02-29"],
  ["products", '[{"name":"Shoe"}]', [{ name: "Shoe" }]],
  ["products", [], []],
  ["total", null, null],
])("reads %s given as %j as declared", (name, given, read) => {
  expect(readVariables(declared, { [name]: given })).toEqual({ payload: { [name]: read }, issues: [] });
});

test.each<[string, Json]>([
  ["title", "x".repeat(256)],
  ["title", ["a"]],
  ["total", "many"],
  ["total", "1e5"],
  ["total", "12345678901234567890"],
  ["total", ""],
  ["day", "28.05.2021"],
  ["day", "2021-02-29"],
  ["day", 20210528],
  ["products", { name: "Shoe" }],
  ["products", ["Shoe"]],
  ["products", "[1]"],
  ["products", "[broken"],
])("keeps %s given as %j as it came, and says that it is not as declared", (name, given) => {
  const { payload, issues } = readVariables(declared, { [name]: given });
  expect(payload).toEqual({ [name]: given });
  expect(issues).toMatchObject([{ path: name, message: expect.stringContaining("is declared as") }]);
});

test("leaves what is not declared, and what is not given, alone", () => {
  expect(readVariables(declared, { other: "x" })).toEqual({ payload: { other: "x" }, issues: [] });
  expect(readVariables([{ name: "constructor", type: "number" }], {})).toEqual({ payload: {}, issues: [] });
});

test("a call is always as declared by what was guessed from it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (payload) => {
      const values = payload as Record<string, Json>;
      const short = Object.entries(values).filter(([, value]) => typeof value !== "string" || value.length <= 255);
      const given = Object.fromEntries(short);
      expect(readVariables(guessVariables(given), given)).toEqual({ payload: given, issues: [] });
    }),
  );
});

test.each([
  [[{ name: "email", type: "string" }]],
  [[{ name: "automation_id", type: "number" }]],
  [[{ name: "", type: "string" }]],
  [[{ name: "a\0", type: "string" }]],
  [[{ name: "a", type: "boolean" }]],
  [[{ name: "a", type: "string", extra: 1 }]],
  [
    [
      { name: "a", type: "string" },
      { name: "a", type: "number" },
    ],
  ],
  [Array.from({ length: 101 }, (_, index) => ({ name: `v${index}`, type: "string" }))],
])("refuses the declaration %j", (variables) => {
  expect(eventVariablesSchema.safeParse(variables).success).toBe(false);
});
