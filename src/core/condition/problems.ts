import { isJsonObject } from "../json.ts";
import { parsePath } from "../path.ts";
import { scopeRoots } from "../scope.ts";
import { activityProblems } from "./activity-problems.ts";
import { conditionLimits } from "./limits.ts";
import type { Operator } from "./operator.ts";
import { findOperator, operators } from "./operators/index.ts";
import { one, type Problem, quote, within } from "./problem.ts";
import { isStorableText } from "./storable-text.ts";

/** `inEvent`: within the `where` of an event, which sees nothing but that event. */
type Visit = { nodes: number; inEvent: boolean };
type Form = (typeof forms)[number];

const forms = ["and", "or", "not", "field", "event", "message", "segment"] as const;
const keysOf: Record<Form, readonly string[]> = {
  and: ["and"],
  or: ["or"],
  not: ["not"],
  field: ["field", "operator", "value"],
  event: ["event", "where", "within", "count"],
  message: ["message", "flow", "step", "link", "within", "count"],
  segment: ["segment"],
};

/** Everything that is wrong with `value` as a condition; empty when it is one. Stops at the limits, so any input is safe. */
export function findProblems(value: unknown): Problem[] {
  const state = { nodes: 0, inEvent: false };
  const problems = visit(value, 1, state);
  if (state.nodes <= conditionLimits.nodes) return problems;
  return [{ path: [], message: `A condition has at most ${conditionLimits.nodes} parts.` }];
}

/** The problems below one node, with paths from that node. */
function visit(value: unknown, depth: number, state: Visit): Problem[] {
  state.nodes += 1;
  if (state.nodes > conditionLimits.nodes) return [];
  if (depth > conditionLimits.depth) return one(`A condition is nested at most ${conditionLimits.depth} levels deep.`);
  if (!isJsonObject(value))
    return one("A condition is an object with and, or, not, event, message, segment, or field and operator.");
  const [form, ...more] = forms.filter((name) => Object.hasOwn(value, name));
  if (form === undefined || more.length > 0)
    return one("A condition has exactly one of and, or, not, field, event, message and segment.");
  return [...unknownKeys(value, form), ...partProblems(value, form, { depth, state })];
}

type Place = { depth: number; state: Visit };

function partProblems(value: Record<string, unknown>, form: Form, { depth, state }: Place): Problem[] {
  if (form === "field") return leafProblems(value, state);
  if (form === "not") return visit(value.not, depth + 1, state).map((problem) => within(problem, "not"));
  if (form === "and" || form === "or") return listProblems(value[form], form, { depth, state });
  if (state.inEvent) return one(`The "where" of an event looks at that event only, not at another ${form}.`, form);
  if (form === "event" && value.where !== undefined)
    return [...activityProblems(value, form), ...whereProblems(value.where, { depth, state })];
  return activityProblems(value, form);
}

function listProblems(parts: unknown, form: "and" | "or", { depth, state }: Place): Problem[] {
  if (!Array.isArray(parts) || parts.length === 0)
    return one(`"${form}" needs a list of at least one condition.`, form);
  return parts.flatMap((part, index) => visit(part, depth + 1, state).map((problem) => within(problem, form, index)));
}

function whereProblems(where: unknown, { depth, state }: Place): Problem[] {
  state.inEvent = true;
  const problems = visit(where, depth + 1, state).map((problem) => within(problem, "where"));
  state.inEvent = false;
  return problems;
}

function unknownKeys(value: Record<string, unknown>, form: Form): Problem[] {
  const unknown = Object.keys(value).filter((key) => !keysOf[form].includes(key));
  return unknown.flatMap((key) => one(`The key ${quote(key)} is not known here.`, key));
}

function leafProblems(leaf: Record<string, unknown>, { inEvent }: Visit): Problem[] {
  const fieldProblem = findFieldProblem(leaf.field, inEvent);
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

function findFieldProblem(field: unknown, inEvent: boolean): string | undefined {
  const { fieldLength } = conditionLimits;
  if (typeof field !== "string" || field.length > fieldLength)
    return `A field is text of at most ${fieldLength} characters.`;
  const path = isStorableText(field) ? parsePath(field) : null;
  if (path === null) return "A field is a path such as contact.plan or event.items[0].price.";
  if (!scopeRoots.some((root) => root === path[0])) return `A field begins with ${scopeRoots.join(", ")}.`;
  if (inEvent && path[0] !== "event")
    return 'The "where" of an event looks at that event only: its fields begin with event.';
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
