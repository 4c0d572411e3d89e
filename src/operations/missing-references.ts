import type { Audience } from "../core/audience.ts";
import type { Condition } from "../core/condition/condition.ts";
import { readsOf } from "../core/condition/reads.ts";
import type { Issue } from "../core/errors.ts";
import type { Reference } from "../core/flow/step-kind.ts";
import type { Queryable } from "../storage/database.ts";
import { findFlowIds } from "../storage/flow-reads.ts";
import { holdLists } from "../storage/lists.ts";
import { loadWorkspaceSegments } from "../storage/segments.ts";

/** Those of the references that lead to nothing in the workspace, as issues. What is there stays until the transaction ends. */
export async function missingIssues(
  sql: Queryable,
  workspaceId: string,
  references: readonly Reference[],
): Promise<Issue[]> {
  const idsOf = (kind: Reference["kind"]) => [
    ...new Set(references.flatMap((reference) => (reference.kind === kind ? [reference.id.toLowerCase()] : []))),
  ];
  const [lists, flows, segments] = [idsOf("list"), idsOf("flow"), idsOf("segment")];
  const found = new Set([
    ...(lists.length === 0 ? [] : await holdLists(sql, { workspaceId, ids: lists })),
    ...(flows.length === 0 ? [] : await findFlowIds(sql, { workspaceId, ids: flows })),
    ...(segments.length === 0 ? [] : (await loadWorkspaceSegments(sql, workspaceId)).map((segment) => segment.id)),
  ]);
  return references
    .filter(({ id }) => !found.has(id.toLowerCase()))
    .map(({ kind, id, path }) => ({ path, message: `there is no ${kind} ${id}` }));
}

/** What an audience names by its id; `path` is where the audience is. */
export function audienceReferences(audience: Audience, path: string): Reference[] {
  const at = (field: string) => (path === "" ? field : `${path}.${field}`);
  if ("list" in audience) return [{ kind: "list", id: audience.list, path: at("list") }];
  return "segment" in audience
    ? [{ kind: "segment", id: audience.segment, path: at("segment") }]
    : segmentReferences(audience.where, at("where"));
}

/** The segments that a condition asks for and the workspace does not have, as issues. */
export async function unknownSegments(
  sql: Queryable,
  workspaceId: string,
  where: Condition | undefined,
): Promise<Issue[]> {
  return where === undefined ? [] : missingIssues(sql, workspaceId, segmentReferences(where, "where"));
}

function segmentReferences(where: Condition, path: string): Reference[] {
  return [...readsOf([where]).segments].map((id) => ({ kind: "segment", id, path }));
}
