import type { Json, JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";

/** A field that is not the same: left out of one side when it is missing there. `path` reads like `config.for.amount`. */
export type FieldChange = { path: string; before?: Json; after?: Json };

export type NodeChanges = {
  added: string[];
  removed: string[];
  changed: { name: string; fields: FieldChange[] }[];
};

export type FlowDiff = { isSame: boolean; entries: NodeChanges; steps: NodeChanges; settings: FieldChange[] };

/** What differs between two definitions, in the order of names: entries and steps by name, and everything else field by field. Takes unfinished drafts too. */
export function diffFlows(before: Json, after: Json): FlowDiff {
  const [one, other] = [objectOf(before), objectOf(after)];
  const entries = diffNodes(one["entries"], other["entries"]);
  const steps = diffNodes(one["steps"], other["steps"]);
  const settings = diffFields(settingsOf(one), settingsOf(other), "");
  const isSame = settings.length + sizeOf(entries) + sizeOf(steps) === 0;
  return { isSame, entries, steps, settings };
}

function sizeOf({ added, removed, changed }: NodeChanges): number {
  return added.length + removed.length + changed.length;
}

function settingsOf({ entries: _, steps: __, ...settings }: JsonObject): JsonObject {
  return settings;
}

function diffNodes(before: Json | undefined, after: Json | undefined): NodeChanges {
  const [one, other] = [objectOf(before), objectOf(after)];
  const changed = Object.keys(one)
    .sort()
    .flatMap((name) => {
      if (!Object.hasOwn(other, name)) return [];
      const fields = diffFields(one[name], other[name], "");
      return fields.length === 0 ? [] : [{ name, fields }];
    });
  return {
    added: Object.keys(other)
      .filter((name) => !Object.hasOwn(one, name))
      .sort(),
    removed: Object.keys(one)
      .filter((name) => !Object.hasOwn(other, name))
      .sort(),
    changed,
  };
}

/** Objects are compared name by name, whatever their order, and lists place by place. */
function diffFields(before: Json | undefined, after: Json | undefined, path: string): FieldChange[] {
  if (before === after) return [];
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...names]
      .sort()
      .flatMap((name) => diffFields(own(before, name), own(after, name), path === "" ? name : `${path}.${name}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const [one, other] = [before, after];
    return Array.from({ length: Math.max(one.length, other.length) }, (_, index) =>
      diffFields(one[index], other[index], `${path}[${index}]`),
    ).flat();
  }
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function own(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
