import type { Leaf } from "../../core/condition/ast.ts";
import type { Condition } from "../../core/condition/condition.ts";
import type { Issue } from "../../core/errors.ts";
import { joinPath } from "../../core/issues.ts";
import { type FieldScalar, type ListField, readFieldValue } from "../../core/list-field.ts";
import { normalizeEmail } from "../../core/message/address.ts";
import { comparatorOf, comparators, leafOf, meaningOf } from "./comparators.ts";
import { predefinedFields } from "./predefined-fields.ts";

export type EmailchefCondition = {
  field_id: string;
  name: string;
  comparable_id: null;
  comparator_id: string;
  value: string;
};
type Logic = "AND" | "OR";
export type ConditionGroup = { logic: Logic; conditions: EmailchefCondition[] };
export type Rules = { logic: Logic; condition_groups: ConditionGroup[] };

/** A condition as it comes in: the field by its number, or else by its name. */
type GivenCondition = {
  field_id?: string | undefined;
  name?: string | undefined;
  comparator_id: string;
  value?: string | undefined;
};
export type GivenRules = { logic: Logic; condition_groups: { logic: Logic; conditions: GivenCondition[] }[] };

type Known = { id: string; placeholder: string; type: ListField["type"]; options: string[] };

/** So many texts that a field may be equal to become one condition: clients keep groups of addresses as segments. */
const maxValues = 200;

/** The condition that rules over the members of a list mean, or what is wrong with them. */
export function toCondition(
  rules: GivenRules,
  { listId, fields }: { listId: string; fields: readonly ListField[] },
): { definition: Condition; issues: Issue[] } {
  const known = knownFields(fields);
  const issues: Issue[] = [];
  const groups = rules.condition_groups.flatMap(({ logic, conditions }, index): Condition[] => {
    const path = joinPath("condition_groups", [index, "conditions"]);
    const leaves = conditions.flatMap((condition, at) => {
      const read = readCondition(condition, known);
      if ("leaf" in read) return [read.leaf];
      issues.push({ path: joinPath(path, [at, read.field]), message: read.message });
      return [];
    });
    return leaves.length === 0 ? [] : [joined(logic, logic === "OR" ? gathered(leaves) : leaves)];
  });
  const isMember: Leaf = { field: "contact.lists", operator: "includes", value: listId };
  return { definition: { and: groups.length === 0 ? [isMember] : [isMember, joined(rules.logic, groups)] }, issues };
}

/** The rules that a condition was made of, over a list of these fields; null when no rules can say it. */
export function fromCondition(definition: Condition, fields: readonly ListField[]): Rules | null {
  if (listOfSegment(definition) === null || !("and" in definition)) return null;
  const [, rest, ...more] = definition.and;
  if (more.length > 0) return null;
  if (rest === undefined) return { logic: "AND", condition_groups: [] };
  const whole = parted(rest);
  const known = knownFields(fields);
  const groups = whole?.parts.map((part) => readGroup(part, known)) ?? [null];
  if (!whole || groups.includes(null)) return null;
  return { logic: whole.logic, condition_groups: groups.filter((group) => group !== null) };
}

/** The id of the list that a segment is one of; null for one that is of no list. */
export function listOfSegment(definition: Condition): string | null {
  const [first] = "and" in definition ? definition.and : [];
  if (!first || !("field" in first) || first.field !== "contact.lists" || first.operator !== "includes") return null;
  return typeof first.value === "string" ? first.value : null;
}

function knownFields(fields: readonly ListField[]): Known[] {
  const own = fields.map(({ number, placeholder, type, options }) => ({
    ...{ id: String(number), placeholder, type, options },
  }));
  const taken = new Set(own.map(({ placeholder }) => placeholder));
  const given = predefinedFields.map(({ id, place_holder: placeholder, data_type: type }) => ({
    ...{ id, placeholder, type, options: [] },
  }));
  return [...own, ...given.filter(({ placeholder }) => !taken.has(placeholder))];
}

type ReadCondition = { leaf: Condition } | { field: string; message: string };

function readCondition(given: GivenCondition, known: Known[]): ReadCondition {
  const { field_id: id, name, comparator_id: comparator } = given;
  const field = known.find((one) => (id === undefined ? one.placeholder === name : one.id === id));
  if (!field) return { field: "field_id", message: "must be a field of the list, or one that every contact has" };
  const meaning = meaningOf(field.type, comparator);
  if (!meaning) return { field: "comparator_id", message: `cannot be asked of a field of the type ${field.type}` };
  const path = `contact.${field.placeholder}`;
  if (meaning.hasValue === false) return { leaf: leafOf(path, meaning, null) };
  const read = readValue(field, meaning.operator, given.value ?? "");
  return "value" in read ? { leaf: leafOf(path, meaning, read.value) } : { field: "value", message: read.message };
}

function readValue(field: Known, operator: string, given: string): { value: FieldScalar } | { message: string } {
  // A part of an option is no option.
  const isPart = field.type === "options" && operator !== "is" && operator !== "isNot";
  const read = readFieldValue(isPart ? { type: "text", options: [] } : field, given);
  if (!read.ok) return read;
  if (read.value === null) return { message: "must not be empty" };
  if (operator === "onDate") return { value: String(read.value).slice(0, 10) };
  if (field.placeholder !== "email" || (operator !== "is" && operator !== "isNot")) return read;
  const email = normalizeEmail(String(read.value));
  return { value: email.ok ? email.value : read.value };
}

function joined(logic: Logic, parts: Condition[]): Condition {
  return logic === "OR" ? { or: parts } : { and: parts };
}

/** The leaves, those that come one after the other and ask whether one field is this or that text as one. */
function gathered(leaves: readonly Condition[]): Condition[] {
  const all: { field: string; values: string[]; leaf: Condition }[] = [];
  for (const leaf of leaves) {
    const last = all.at(-1);
    const isText = "field" in leaf && leaf.operator === "is" && typeof leaf.value === "string";
    if (!isText) all.push({ field: "", values: [], leaf });
    else if (last?.field === leaf.field && last.values.length < maxValues) last.values.push(leaf.value as string);
    else all.push({ field: leaf.field, values: [leaf.value as string], leaf });
  }
  return all.map(({ field, values, leaf }) => (values.length > 1 ? { field, operator: "in", value: values } : leaf));
}

function parted(condition: Condition): { logic: Logic; parts: readonly Condition[] } | null {
  if ("and" in condition) return { logic: "AND", parts: condition.and };
  return "or" in condition ? { logic: "OR", parts: condition.or } : null;
}

function readGroup(condition: Condition, known: Known[]): ConditionGroup | null {
  const group = parted(condition);
  if (!group) return null;
  const conditions = group.parts.flatMap((part) => viewCondition(part, known, group.logic));
  return conditions.includes(null)
    ? null
    : { logic: group.logic, conditions: conditions.filter((one) => one !== null) };
}

function viewCondition(condition: Condition, known: Known[], logic: Logic): (EmailchefCondition | null)[] {
  const isNegated = "not" in condition;
  const leaf = isNegated ? condition.not : condition;
  const field = "field" in leaf ? known.find(({ placeholder }) => leaf.field === `contact.${placeholder}`) : undefined;
  if (!field || !("field" in leaf)) return [null];
  const view = (comparator: string, value: unknown): EmailchefCondition => ({
    ...{ field_id: field.id, name: field.placeholder, comparable_id: null, comparator_id: comparator },
    value: value === undefined ? "" : String(value),
  });
  if (leaf.operator === "in" && logic === "OR" && !isNegated && Array.isArray(leaf.value))
    return leaf.value.map((value) => view(comparators.is, value));
  const comparator = comparatorOf(field.type, leaf.operator, isNegated);
  return [comparator === null || typeof leaf.value === "object" ? null : view(comparator, leaf.value)];
}
