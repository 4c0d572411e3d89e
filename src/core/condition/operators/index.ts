import type { Operator } from "../operator.ts";
import { atLeast, atMost, between, greaterThan, lessThan } from "./comparison.ts";
import { contains, endsWith, notContains, startsWith } from "./contains.ts";
import { after, before, onDate, withinLast, withinNext } from "./dates.ts";
import { isIn, notIn } from "./in.ts";
import { includes, includesAll, includesAny, notIncludes } from "./includes.ts";
import { is, isNot } from "./is.ts";
import { exists, isEmpty, isFalse, isTrue, missing } from "./presence.ts";

/** Every operator, in the order a person is offered them. */
export const operators: readonly Operator[] = [
  is,
  isNot,
  isIn,
  notIn,
  contains,
  notContains,
  startsWith,
  endsWith,
  greaterThan,
  atLeast,
  lessThan,
  atMost,
  between,
  before,
  after,
  onDate,
  withinLast,
  withinNext,
  exists,
  missing,
  isEmpty,
  isTrue,
  isFalse,
  includes,
  notIncludes,
  includesAny,
  includesAll,
];

const byName = new Map(operators.map((operator) => [operator.name, operator]));

/** The operator of that name, or undefined. */
export function findOperator(name: string): Operator | undefined {
  return byName.get(name);
}
