import { isJsonObject } from "../json.ts";
import { parsePath } from "../path.ts";
import { scopeRoots } from "../scope.ts";
import { conditionLimits } from "./limits.ts";
import type { Operator } from "./operator.ts";
import { findOperator, operators } from "./operators/index.ts";
import { isStorableText } from "./storable-text.ts";

/** One broken rule of a condition, with the way to it from the root. */
export type Problem = { path: (string | number)[]; message: string };

type Count = { nodes: number };
type Form = (typeof forms)[number];

const forms = ["and", "or", "not", "field"] as const;

/** Everything that is wrong with `value` as a condition; empty when it is one. Stops at the limits, so any input is safe. */
export function findProblems(value: unknown): Problem[] {
  const count = { nodes: 0 };
  const problems = visit(value, 1, count);
  if (count.nodes <= conditionLimits.nodes) return problems;
  return [{ path: [], message: `A condition has at most ${conditionLimits.nodes} parts.` }];
}

/** The problems below one node, with paths from that node. */
function visit(value: unknown, depth: number, count: Count): Problem[] {
  count.nodes += 1;
  if (count.nodes > conditionLimits.nodes) return [];
  if (depth > conditionLimits.depth) return one(`A condition is nested at most ${conditionLimits.depth} levels deep.`);
  if (!isJsonObject(value)) return one("A condition is an object with and, or, not, or field and operator.");
  const [form, ...more] = forms.filter((name) => Object.hasOwn(value, name));
  if (form === undefined || more.length > 0) return one("A condition has exactly one of and, or, not and field.");
  return [...unknownKeys(value, form), ...partProblems(value, form, (part) => visit(part, depth + 1, count))];
}

function partProblems(value: Record<string, unknown>, form: Form, visitPart: (part: unknown) => Problem[]): Problem[] {
  if (form === "field") return leafProblems(value);
  if (form === "not") return visitPart(value.not).map((problem) => within(problem, "not"));
  const parts = value[form];
  if (!Array.isArray(parts) || parts.length === 0)
    return one(`"${form}" needs a list of at least one condition.`, form);
  return parts.flatMap((part, index) => visitPart(part).map((problem) => within(problem, form, index)));
}

function unknownKeys(value: Record<string, unknown>, form: Form): Problem[] {
  const known = form === "field" ? ["field", "operator", "value"] : [form];
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  return unknown.flatMap((key) => one(`The key ${quote(key)} is not known here.`, key));
}

function leafProblems(leaf: Record<string, unknown>): Problem[] {
  const fieldProblem = findFieldProblem(leaf.field);
  const operator = typeof leaf.operator === "string" ? findOperator(leaf.operator) : undefined;
  return [
    ...(fieldProblem === undefined ? [] : one(fieldProblem, "field")),
    ...(operator === undefined ? one(operatorProblem(leaf.operator), "operator") : valueProblems(operator, leaf.value)),
  ];
}

function operatorProblem(name: unknown): string {
  const known = operators.map((operator) => operator.name).join(", ");
  if (typeof name !== "string") return `A condition needs an operator. Known are ${known}.`;
  return `The operator ${quote(name)} is not known. Known are ${known}.`;
}

function findFieldProblem(field: unknown): string | undefined {
  const { fieldLength } = conditionLimits;
  if (typeof field !== "string" || field.length > fieldLength)
    return `A field is text of at most ${fieldLength} characters.`;
  const path = isStorableText(field) ? parsePath(field) : null;
  if (path === null) return "A field is a path such as contact.plan or event.items[0].price.";
  if (!scopeRoots.some((root) => root === path[0])) return `A field begins with ${scopeRoots.join(", ")}.`;
  return path.length > 1 ? undefined : `A field names something inside ${path[0]}, such as ${path[0]}.id.`;
}

function valueProblems({ name, value: schema, valueRule }: Operator, value: unknown): Problem[] {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const inner = parsed.error.issues[0]?.path.filter((segment) => typeof segment !== "symbol") ?? [];
    return one(`"${name}" ${valueRule}.`, "value", ...inner);
  }
  // Only now: a value that its schema took is shallow, and so safe to write out.
  const { length } = JSON.stringify(value) ?? "";
  if (length <= conditionLimits.valueLength) return [];
  return one(`A value is at most ${conditionLimits.valueLength} characters of JSON.`, "value");
}

function one(message: string, ...path: (string | number)[]): Problem[] {
  return [{ path, message }];
}

function within({ path, message }: Problem, ...outer: (string | number)[]): Problem {
  return { path: [...outer, ...path], message };
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 50));
}
