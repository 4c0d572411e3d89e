import type { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { Registry } from "./compile.ts";
import { entrySchema, flowDefinitionSchema, stepSchema } from "./definition.ts";

type Schema = Pick<z.ZodType, "safeParse">;

const fieldOrder = ["schema", "name", "description", "priority", "entries", "steps", "reentry", "exitWhen"];
const maxStripped = 200_000;
const nodeOrder = ["kind", "title", "config", "next", "exits"];

/**
 * The one form in which a flow is written to files: what a default says anyway is left out, entries and fields stand in a fixed order, and steps
 * in the order in which a run can come to them. Two flows that mean the same are the same text. What cannot be read is left as it is.
 */
export function canonicalFlow(definition: Json, registry: Registry): Json {
  if (!isJsonObject(definition)) return definition;
  const flow = { ...definition };
  flow.entries = nodesOf(flow.entries, { schema: entrySchema, kinds: registry.entries });
  flow.steps = nodesOf(flow.steps, { schema: stepSchema, kinds: registry.steps });
  const { entries, steps, ...rest } = flow;
  const spare = ["name", "schema"];
  const settings = withoutDefaults(settingsSchema, rest, spare);
  const order = orderOfSteps(entries, steps, registry);
  const whole: Json = {
    ...(sortKeys(settings) as JsonObject),
    entries: isJsonObject(entries) ? inOrder(entries, Object.keys(entries).sort()) : (entries ?? {}),
    steps: isJsonObject(steps) ? inOrder(steps, order) : (steps ?? {}),
  };
  return inOrder(whole, fieldOrder);
}

/** The canonical form as text, with a new line at its end. */
export function canonicalText(definition: Json, registry: Registry): string {
  return `${JSON.stringify(canonicalFlow(definition, registry), null, 2)}\n`;
}

const settingsSchema = flowDefinitionSchema.omit({ entries: true, steps: true });

type Kinds = { schema: Schema; kinds: Readonly<Record<string, { config: Schema }>> };

function nodesOf(nodes: Json | undefined, { schema, kinds }: Kinds): Json {
  if (!isJsonObject(nodes)) return nodes ?? {};
  return mapValues(nodes, (node) => {
    if (!isJsonObject(node)) return node;
    const kind = typeof node.kind === "string" && Object.hasOwn(kinds, node.kind) ? kinds[node.kind] : undefined;
    const { config = {}, ...rest } = node;
    const plain = withoutDefaults(schema, { ...rest, config: {} }, ["kind", "config"]) as JsonObject;
    const exits = isJsonObject(plain.exits) ? { exits: sortKeys(plain.exits) } : {};
    const short = kind ? withoutDefaults(kind.config, config) : config;
    return inOrder({ ...plain, ...exits, config: sortKeys(short) }, nodeOrder);
  });
}

/**
 * `value` without the fields that make no difference to what the schema reads of it. So it needs to know nothing of the schema, and a new field
 * with a default is left out by itself. Fields in `kept` stay.
 */
export function withoutDefaults(schema: Schema, value: Json, kept: readonly string[] = []): Json {
  const read = schema.safeParse(value);
  // Each field costs a reading of the whole: what is this large is data, and has few defaults to leave out.
  if (!read.success || JSON.stringify(value).length > maxStripped) return value;
  const meaning = textOf(read.data);
  const isSame = (other: Json) => {
    const parsed = schema.safeParse(other);
    return parsed.success && textOf(parsed.data) === meaning;
  };
  return strip(value, isSame, kept);
}

function strip(value: Json, isSame: (value: Json) => boolean, kept: readonly string[]): Json {
  if (Array.isArray(value)) return stripItems(value, isSame);
  if (!isJsonObject(value)) return value;
  let result = value;
  for (const name of Object.keys(value)) {
    if (kept.includes(name)) continue;
    const { [name]: inner = null, ...without } = result;
    if (isSame(without)) result = without;
    else result = { ...result, [name]: strip(inner, (changed) => isSame({ ...result, [name]: changed }), []) };
  }
  return result;
}

function stripItems(items: readonly Json[], isSame: (value: Json) => boolean): Json[] {
  let result = [...items];
  items.forEach((item, index) => {
    const changed = strip(item, (other) => isSame(result.with(index, other)), []);
    result = result.with(index, changed);
  });
  return result;
}

/** Steps as a run can come to them, one path to its end and then the next; those that no entry leads to come last, by name. */
function orderOfSteps(entries: Json | undefined, steps: Json | undefined, registry: Registry): string[] {
  if (!isJsonObject(steps)) return [];
  const order = new Set<string>();
  const firsts = isJsonObject(entries) ? Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1)) : [];
  const visit = (name: Json | undefined) => {
    const open = [name];
    for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
      if (typeof next !== "string" || order.has(next) || !Object.hasOwn(steps, next)) continue;
      order.add(next);
      open.push(...targetsOf(steps[next], registry).reverse());
    }
  };
  for (const [, entry] of firsts) visit(isJsonObject(entry) ? entry.next : undefined);
  return [
    ...order,
    ...Object.keys(steps)
      .filter((name) => !order.has(name))
      .sort(),
  ];
}

/** Where a step leads, by its exits and by its configuration. */
function targetsOf(step: Json | undefined, { steps: kinds }: Registry): Json[] {
  if (!isJsonObject(step)) return [];
  const exits = isJsonObject(step.exits) ? Object.values(step.exits).filter((exit) => exit !== null) : [];
  const kind = typeof step.kind === "string" && Object.hasOwn(kinds, step.kind) ? kinds[step.kind] : undefined;
  const config = kind?.leadsTo ? kind.config.safeParse(step.config) : undefined;
  return config?.success ? [...exits, ...Object.values(kind?.leadsTo?.(config.data) ?? {})] : exits;
}

/** The fields named first, then the others by name. */
function inOrder(value: JsonObject, order: readonly string[]): JsonObject {
  const names = [...order.filter((name) => Object.hasOwn(value, name))];
  const others = Object.keys(value).filter((name) => !names.includes(name));
  return Object.fromEntries([...names, ...others.sort()].map((name) => [name, value[name] ?? null]));
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isJsonObject(value)) return value;
  return mapValues(inOrder(value, []), sortKeys);
}

/** Equal texts mean equal values, whatever the order of fields. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => (isJsonObject(inner) ? inOrder(inner, []) : inner));
}

function mapValues(value: JsonObject, change: (inner: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]));
}
