import type { Condition } from "../../core/condition/condition.ts";
import type { FieldScalar, FieldType } from "../../core/list-field.ts";

/** The numbers of comparisons. That 1 means equal is seen in clients; the others are ours. */
export const comparators = {
  is: "1",
  isNot: "2",
  contains: "3",
  notContains: "4",
  startsWith: "5",
  endsWith: "6",
  above: "7",
  below: "8",
  isEmpty: "9",
  isNotEmpty: "10",
} as const;

type Meaning = { operator: string; isNegated?: true; hasValue?: false };

const presence = {
  [comparators.isEmpty]: { operator: "isEmpty", hasValue: false },
  [comparators.isNotEmpty]: { operator: "isEmpty", isNegated: true, hasValue: false },
} as const;
const equality = { [comparators.is]: { operator: "is" }, [comparators.isNot]: { operator: "isNot" } };
const words = {
  ...equality,
  [comparators.contains]: { operator: "contains" },
  [comparators.notContains]: { operator: "notContains" },
  [comparators.startsWith]: { operator: "startsWith" },
  [comparators.endsWith]: { operator: "endsWith" },
  ...presence,
};

/** What each comparison means for a field of a type; those that are not there cannot be asked of it. */
const meanings: Record<FieldType, Partial<Record<string, Meaning>>> = {
  text: words,
  options: words,
  number: {
    ...equality,
    [comparators.above]: { operator: "greaterThan" },
    [comparators.below]: { operator: "lessThan" },
    ...presence,
  },
  boolean: { ...equality, ...presence },
  date: {
    [comparators.is]: { operator: "onDate" },
    [comparators.isNot]: { operator: "onDate", isNegated: true },
    [comparators.above]: { operator: "after" },
    [comparators.below]: { operator: "before" },
    ...presence,
  },
};

/** What a comparison of a field means, or null when it cannot be asked of that type. */
export function meaningOf(type: FieldType, comparator: string): Meaning | null {
  return Object.hasOwn(meanings[type], comparator) ? (meanings[type][comparator] ?? null) : null;
}

/** The condition that a meaning makes of a field. */
export function leafOf(field: string, { operator, isNegated, hasValue }: Meaning, value: FieldScalar): Condition {
  const leaf = { field, operator, ...(hasValue === false ? {} : { value }) };
  return isNegated ? { not: leaf } : leaf;
}

/** The comparison that an operator stands for with a field of a type, or null when none does. */
export function comparatorOf(type: FieldType, operator: string, isNegated: boolean): string | null {
  const found = Object.entries(meanings[type]).find(
    ([, meaning]) => meaning?.operator === operator && (meaning.isNegated ?? false) === isNegated,
  );
  return found?.[0] ?? null;
}
