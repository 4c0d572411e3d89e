import fc from "fast-check";
import { expect, test } from "vitest";
import { checkCondition } from "../../core/condition/condition.ts";
import { completeField } from "../../core/list-field.ts";
import { fromCondition, type GivenRules, listOfSegment, type Rules, toCondition } from "./segment-conditions.ts";

const listId = "0190a000-0000-7000-8000-000000000001";
const fields = [
  completeField({ placeholder: "city", name: "City", type: "text" }, 11),
  completeField({ placeholder: "total", name: "Total", type: "number" }, 12),
  completeField({ placeholder: "born", name: "Born", type: "date" }, 13),
  completeField({ placeholder: "vip", name: "VIP", type: "boolean" }, 14),
  completeField({ placeholder: "plan", name: "Plan", type: "options", options: ["free", "gold"] }, 15),
];
const isMember = { field: "contact.lists", operator: "includes", value: listId };

function one(field_id: string, comparator_id: string, value: string): GivenRules {
  return { logic: "AND", condition_groups: [{ logic: "AND", conditions: [{ field_id, comparator_id, value }] }] };
}

test.each([
  ["-1", "1", "Ada@Example.com", { field: "contact.email", operator: "is", value: "ada@example.com" }],
  ["11", "3", "rom", { field: "contact.city", operator: "contains", value: "rom" }],
  ["11", "9", "", { field: "contact.city", operator: "isEmpty" }],
  ["11", "10", "", { not: { field: "contact.city", operator: "isEmpty" } }],
  ["12", "7", "12.5", { field: "contact.total", operator: "greaterThan", value: 12.5 }],
  ["13", "1", "01/03/2026", { field: "contact.born", operator: "onDate", value: "2026-03-01" }],
  ["13", "2", "2026-03-01", { not: { field: "contact.born", operator: "onDate", value: "2026-03-01" } }],
  ["13", "8", "2026-03-01", { field: "contact.born", operator: "before", value: "2026-03-01" }],
  ["14", "1", "1", { field: "contact.vip", operator: "is", value: true }],
  ["15", "2", "gold", { field: "contact.plan", operator: "isNot", value: "gold" }],
  ["15", "3", "go", { field: "contact.plan", operator: "contains", value: "go" }],
])("field %s, comparison %s with %j means %j", (...row) => {
  const [field, comparator, value, condition] = row;
  const { definition, issues } = toCondition(one(field, comparator, value), { listId, fields });
  expect({ definition, issues }).toEqual({
    definition: { and: [isMember, { and: [{ and: [condition] }] }] },
    issues: [],
  });
});

test.each([
  ["99", "1", "x", "field_id"],
  ["12", "3", "1", "comparator_id"],
  ["11", "constructor", "1", "comparator_id"],
  ["12", "1", "many", "value"],
  ["11", "1", "", "value"],
  ["15", "1", "silver", "value"],
])("field %s, comparison %s with %j is refused", (...row) => {
  const [field, comparator, value, name] = row;
  expect(toCondition(one(field, comparator, value), { listId, fields }).issues).toMatchObject([
    { path: `condition_groups[0].conditions[0].${name}` },
  ]);
});

test("many addresses in one group are one condition, and come back as they were", () => {
  const conditions = Array.from({ length: 450 }, (_, index) => ({
    ...{ field_id: "-1", name: "email", comparable_id: null, comparator_id: "1", value: `a${index}@example.com` },
  }));
  const rules: Rules = { logic: "OR", condition_groups: [{ logic: "OR", conditions }] };
  const { definition } = toCondition(rules, { listId, fields });
  expect(checkCondition(definition)).toEqual([]);
  expect(fromCondition(definition, fields)).toEqual(rules);
});

test("groups without conditions say nothing", () => {
  const rules: Rules = { logic: "AND", condition_groups: [{ logic: "OR", conditions: [] }] };
  expect(toCondition(rules, { listId, fields }).definition).toEqual({ and: [isMember] });
  expect(fromCondition({ and: [isMember] }, fields)).toEqual({ logic: "AND", condition_groups: [] });
});

test.each([
  { field: "contact.city", operator: "is", value: "Rome" },
  { and: [{ field: "contact.city", operator: "is", value: "Rome" }] },
  { and: [isMember, { segment: listId }] },
  { and: [isMember, { and: [{ and: [{ event: "x" }] }] }] },
  { and: [isMember, { and: [{ and: [{ field: "contact.unknown", operator: "is", value: 1 }] }] }] },
  { and: [isMember, { and: [{ and: [{ field: "contact.total", operator: "between", value: [1, 2] }] }] }] },
])("there are no rules for %j", (definition) => {
  expect(fromCondition(definition, fields)).toBe(null);
});

test("a segment is of the list that its members must be on", () => {
  expect(listOfSegment({ and: [isMember] })).toBe(listId);
  expect(listOfSegment({ or: [isMember] })).toBe(null);
});

const values = ["Rome", "12.5", "2026-03-01", "1", "gold", "", "a@b.example"];
const condition = fc.record({
  field_id: fc.constantFrom("-1", "-2", "-4", "11", "12", "13", "14", "15"),
  comparator_id: fc.constantFrom("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"),
  value: fc.constantFrom(...values),
});
const logic = fc.constantFrom<"AND" | "OR">("AND", "OR");
const rulesOf = fc.record({
  logic,
  condition_groups: fc.array(fc.record({ logic, conditions: fc.array(condition, { maxLength: 5 }) }), { maxLength: 4 }),
});

test("what was translated is a condition, and translates back to the same condition", () => {
  fc.assert(
    fc.property(rulesOf, (rules) => {
      const { definition, issues } = toCondition(rules, { listId, fields });
      expect(checkCondition(definition)).toEqual([]);
      const back = fromCondition(definition, fields);
      expect(back).not.toBe(null);
      expect(toCondition(back as Rules, { listId, fields })).toEqual({ definition, issues: [] });
      if (issues.length === 0) {
        const count = (groups: GivenRules["condition_groups"]) => groups.flatMap((group) => group.conditions).length;
        expect(count(back?.condition_groups ?? [])).toBe(count(rules.condition_groups));
      }
    }),
  );
});
