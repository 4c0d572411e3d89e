import type { Duration } from "../time.ts";
import type { Condition, MessageType } from "./ast.ts";
import { leavesOf, resolveLeaf } from "./condition.ts";

/** Events that a condition counts. `within`: only those of this span, null for all; `payload`: it looks into them. */
export type EventNeed = { name: string; within: Duration | null; payload: boolean };

/** What conditions look at besides the event and the run they stand in. */
export type ConditionReads = {
  /** Fields of the contact, by the first name in their path. */
  fields: ReadonlySet<string>;
  events: readonly EventNeed[];
  messages: ReadonlySet<MessageType>;
  segments: ReadonlySet<string>;
  /** True when the answer may change by time alone. */
  isTimed: boolean;
};

/** What these conditions look at, together. */
export function readsOf(conditions: readonly Condition[]): ConditionReads {
  const leaves = conditions.flatMap(leavesOf);
  const events = leaves.flatMap((leaf): EventNeed[] =>
    "event" in leaf ? [{ name: leaf.event, within: leaf.within ?? null, payload: leaf.where !== undefined }] : [],
  );
  return {
    fields: new Set(leaves.flatMap((leaf) => ("field" in leaf ? contactField(leaf) : []))),
    events,
    messages: new Set(leaves.flatMap((leaf) => ("message" in leaf ? [leaf.message] : []))),
    segments: new Set(leaves.flatMap((leaf) => ("segment" in leaf ? [leaf.segment] : []))),
    isTimed: leaves.some(isTimed),
  };
}

type AnyLeaf = ReturnType<typeof leavesOf>[number];

function contactField(leaf: Extract<AnyLeaf, { field: string }>): string[] {
  const [root, name] = resolveLeaf(leaf).path;
  return root === "contact" && typeof name === "string" ? [name] : [];
}

function isTimed(leaf: AnyLeaf): boolean {
  if ("segment" in leaf) return false;
  if ("field" in leaf) {
    const { operator } = resolveLeaf(leaf);
    return operator.flipsAt !== undefined && (typeof leaf.value !== "string" || leaf.value === "now");
  }
  if (leaf.within !== undefined) return true;
  return "event" in leaf && leaf.where !== undefined && leavesOf(leaf.where).some(isTimed);
}
