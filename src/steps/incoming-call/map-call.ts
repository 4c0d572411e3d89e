import { type IdentityKind, identityKinds } from "../../core/contact.ts";
import type { Issue } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { parsePath, readPath } from "../../core/path.ts";
import type { IncomingCallConfig } from "./schema.ts";

/** What a call says about its contact. The values of the identity are as given: whoever stores them brings them to their normal form. */
export type MappedCall = { identity: Partial<Record<IdentityKind, string>>; properties: JsonObject; issues: Issue[] };

type CallMap = Pick<IncomingCallConfig, "map"> & Partial<Pick<IncomingCallConfig, "require">>;

/** Reads identity and properties from the body of a call. Issues name the path in the body; with any, the call must be refused. */
export function mapCall({ map, require = [] }: CallMap, body: Json): MappedCall {
  const mapped: MappedCall = { identity: {}, properties: {}, issues: [] };
  for (const [target, path] of Object.entries(map)) {
    const value = readPath(body, parsePath(path) ?? []);
    const isEmpty = value === undefined || value === null || value === "";
    if (isEmpty && require.includes(target))
      mapped.issues.push({ path, message: `must be there, as ${named(target)}` });
    if (isEmpty) continue;
    if (isIdentity(target)) readIdentity(mapped, target, { path, value });
    else mapped.properties[target] = value;
  }
  if (mapped.issues.length === 0 && Object.keys(mapped.identity).length === 0) mapped.issues.push(noIdentity(map));
  return mapped;
}

function named(target: string): string {
  return isIdentity(target) ? `the contact's ${target}` : `the property ${target}`;
}

function isIdentity(target: string): target is IdentityKind {
  return (identityKinds as readonly string[]).includes(target);
}

function readIdentity(mapped: MappedCall, kind: IdentityKind, { path, value }: { path: string; value: Json }): void {
  if (typeof value === "string" && value.trim() !== "") mapped.identity[kind] = value.trim();
  // Many systems send ids and phone numbers as numbers.
  else if (typeof value === "number" && kind !== "email") mapped.identity[kind] = String(value);
  else mapped.issues.push({ path, message: `must be text: it is mapped to the contact's ${kind}` });
}

function noIdentity(map: IncomingCallConfig["map"]): Issue {
  const paths = identityKinds.flatMap((kind) => map[kind] ?? []);
  return { path: paths[0] ?? "", message: `must say who the contact is; looked at ${paths.join(", ")}` };
}
