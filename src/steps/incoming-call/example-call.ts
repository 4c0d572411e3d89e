import type { Json, JsonObject } from "../../core/json.ts";
import { parsePath } from "../../core/path.ts";
import { exampleContact } from "../../core/samples/example-event.ts";
import type { IncomingCallConfig } from "./schema.ts";

const identities: Readonly<Record<string, string>> = { ...exampleContact, externalId: "customer-1" };
const longestList = 20;

/** The body of a call that has everything the entry reads, where it reads it. */
export function exampleCall({ map }: Pick<IncomingCallConfig, "map">): JsonObject {
  const body: JsonObject = {};
  for (const [target, path] of Object.entries(map))
    put(
      body,
      parsePath(path) ?? [],
      Object.hasOwn(identities, target) ? (identities[target] as string) : `${target} value`,
    );
  return body;
}

/** Where something else is on the way already, or the list would get long, the value is left out. */
function put(body: JsonObject, path: readonly (string | number)[], value: string): void {
  let at: Json = body;
  for (const [index, segment] of path.entries()) {
    const next: Json | undefined = index === path.length - 1 ? value : typeof path[index + 1] === "number" ? [] : {};
    const inner = step(at, segment, next);
    if (inner === undefined) return;
    at = inner;
  }
}

/** What is at `segment` of `at`; `made` when there was nothing. Undefined when there can be nothing. */
function step(at: Json, segment: string | number, made: Json): Json | undefined {
  if (typeof at !== "object" || at === null || segment === "__proto__") return undefined;
  if (Array.isArray(at)) return typeof segment === "number" ? itemOf(at, segment, made) : undefined;
  if (typeof segment === "number") return undefined;
  if (!Object.hasOwn(at, segment)) at[segment] = made;
  return at[segment];
}

function itemOf(list: Json[], index: number, made: Json): Json | undefined {
  if (index >= longestList) return undefined;
  while (list.length < index) list.push(null);
  if ((list[index] ?? null) === null) list[index] = made;
  return list[index];
}
