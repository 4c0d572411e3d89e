import type { EventLeaf, MessageLeaf } from "./ast.ts";
import { type Condition, resolveLeaf } from "./condition.ts";
import { type ActivitySql, bindNumber, bindText, type SqlContext } from "./operator.ts";
import { windowStart } from "./window.ts";

/** Where the fields of a root are: a jsonb expression that is SQL null when the field is missing. */
export type Columns = (root: string, path: readonly (string | number)[]) => string;

/**
 * A valid condition as a boolean SQL expression that says what `evaluate` says; null counts as false, as it does in `where`.
 * Values go to `params` as text, and the expression refers to them as $1, $2, ...; it needs the functions of migration 0002.
 */
export function conditionToSql(condition: Condition, columns: Columns, context: SqlContext): string {
  if ("and" in condition) return join(condition.and, " and ", (part) => conditionToSql(part, columns, context));
  if ("or" in condition) return join(condition.or, " or ", (part) => conditionToSql(part, columns, context));
  // Not `not`: that would leave null as null, and a part that is null counts as false.
  if ("not" in condition) return `((${conditionToSql(condition.not, columns, context)}) is not true)`;
  if ("segment" in condition) return `(${tablesOf(context).isInSegment(condition.segment, context.params)})`;
  if (!("field" in condition)) return countToSql(condition, context);
  const { path, operator } = resolveLeaf(condition);
  const [root, ...inner] = path;
  return `(${operator.sql(`(${columns(String(root), inner)})`, condition.value, context)})`;
}

/** How many events or messages there are, beside the count that the leaf asks for. */
function countToSql(leaf: EventLeaf | MessageLeaf, context: SqlContext): string {
  const isEvent = "event" in leaf;
  const rows = isEvent
    ? tablesOf(context).events(leaf.event, context.params)
    : tablesOf(context).messages(leaf.message, context.params);
  const tests = [
    ...windowSql(leaf, context),
    ...(isEvent ? whereSql(leaf, context) : messageSql(leaf, context.params)),
  ];
  const where = tests.length === 0 ? "" : ` where ${tests.join(" and ")}`;
  const { count = { atLeast: 1 } } = leaf;
  const from = `from ${rows} as done${where}`;
  if ("atLeast" in count && count.atLeast === 1) return `(exists (select ${from}))`;
  const [sign, number] =
    "atLeast" in count ? [">=", count.atLeast] : "atMost" in count ? ["<=", count.atMost] : ["=", count.exactly];
  const what = isEvent ? "*" : "distinct done.message_id";
  return `((select count(${what}) ${from}) ${sign} ${bindNumber(context.params, number, "bigint")})`;
}

function windowSql({ within }: EventLeaf | MessageLeaf, { params, now }: SqlContext): string[] {
  if (within === undefined) return [];
  return [`done.at >= ${bindText(params, new Date(windowStart(within, now)).toISOString())}::timestamptz`];
}

/** The payload of the one event is all that its `where` sees. */
function whereSql({ where }: EventLeaf, context: SqlContext): string[] {
  if (where === undefined) return [];
  const columns: Columns = (root, path) =>
    root === "event" ? readPathSql("done.payload", path, context.params) : "null::jsonb";
  return [conditionToSql(where, columns, context)];
}

function messageSql({ flow, step, link }: MessageLeaf, params: unknown[]): string[] {
  return [
    ...(flow === undefined ? [] : [`done.flow_id = ${bindText(params, flow)}::uuid`]),
    ...(step === undefined ? [] : [`done.step = ${bindText(params, step)}`]),
    ...(link === undefined ? [] : [`done.link = ${bindText(params, link)}`]),
  ];
}

function tablesOf({ activity }: SqlContext): ActivitySql {
  if (!activity) throw new Error("A condition over what a contact has done was compiled where there is no contact.");
  return activity;
}

/**
 * The value at `path` inside a jsonb expression, as `readPath` has it: names only look into objects, numbers only into arrays.
 * The names are parameters. For use in `Columns`.
 */
export function readPathSql(json: string, path: readonly (string | number)[], params: unknown[]): string {
  if (path.every((segment) => typeof segment === "string"))
    return path.reduce((sql, name) => `${sql} -> ${bindText(params, name)}`, json);
  if (path.some((segment) => typeof segment === "number" && !Number.isSafeInteger(segment))) return "null::jsonb";
  // Not `-> 0`: PostgreSQL takes a scalar for an array of one there. Strict mode does not, and its errors are silenced to null.
  const steps = path.map((segment) => (typeof segment === "number" ? `[${segment}]` : `.${JSON.stringify(segment)}`));
  return `jsonb_path_query_first(${json}, ${bindText(params, `strict $${steps.join("")}`)}::jsonpath, '{}', true)`;
}

function join(parts: readonly Condition[], word: " and " | " or ", sqlOf: (part: Condition) => string): string {
  return `(${parts.map(sqlOf).join(word)})`;
}
