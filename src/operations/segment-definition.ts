import { contactOnlyIssues } from "../core/audience.ts";
import type { SegmentLeaf } from "../core/condition/ast.ts";
import { type Condition, checkCondition } from "../core/condition/condition.ts";
import { AppError, type Issue } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { findCircle } from "../core/segment/segment-set.ts";
import type { SegmentRow } from "../storage/segments.ts";

/** The definition of a segment, when it can be one. Throws `invalid_request` that names the parts that cannot. */
export function readDefinition(value: Json): Condition {
  const issues = checkCondition(value).map((issue) => ({ ...issue, path: within(issue.path) }));
  refuseIf(issues);
  const condition = value as unknown as Condition;
  refuseIf(contactOnlyIssues(condition, "definition"));
  return condition;
}

/** Throws `invalid_request` when the segments that `segment` looks at are not there, or lead back to it. */
export function refuseBrokenReferences(segment: Pick<SegmentRow, "id" | "name" | "definition">, others: SegmentRow[]) {
  const all = [...others.filter(({ id }) => id !== segment.id), segment];
  const known = new Set(all.map(({ id }) => id));
  refuseIf(
    segmentLeaves(segment.definition).flatMap(({ leaf, path }) => {
      const at = within(path === "" ? "segment" : `${path}.segment`);
      if (!known.has(leaf.segment)) return [{ path: at, message: `there is no segment ${leaf.segment}` }];
      const circle = findCircle(all, segment.id);
      const [, second] = circle ?? [];
      const next = all.find(({ id }) => id === leaf.segment);
      if (!circle || next?.name !== second) return [];
      return [{ path: at, message: `would make a circle: ${circle.join(" → ")}` }];
    }),
  );
}

type Placed = { leaf: SegmentLeaf; path: string };

function segmentLeaves(condition: Condition, path = ""): Placed[] {
  const at = (step: string) => (path === "" ? step : `${path}.${step}`);
  if ("and" in condition) return condition.and.flatMap((part, index) => segmentLeaves(part, at(`and[${index}]`)));
  if ("or" in condition) return condition.or.flatMap((part, index) => segmentLeaves(part, at(`or[${index}]`)));
  if ("not" in condition) return segmentLeaves(condition.not, at("not"));
  return "segment" in condition ? [{ leaf: condition, path }] : [];
}

function within(path: string): string {
  return path === "" ? "definition" : `definition.${path}`;
}

function refuseIf(issues: Issue[]): void {
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
}
