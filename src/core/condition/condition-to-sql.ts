import { type Condition, resolveLeaf } from "./condition.ts";
import { bindText, type SqlContext } from "./operator.ts";

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
  const { path, operator } = resolveLeaf(condition);
  const [root, ...inner] = path;
  return `(${operator.sql(`(${columns(String(root), inner)})`, condition.value, context)})`;
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
