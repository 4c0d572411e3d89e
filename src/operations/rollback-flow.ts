import { diffFlows, type FlowDiff } from "../core/flow/diff-flows.ts";
import { definitionOf } from "./diff-versions.ts";
import { type FlowView, requireFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { publishFlow } from "./publish-flow.ts";

/** What a roll-back did: `from` was the published version, `to` the one whose definition `as` has now. */
export type Rollback = {
  flow: FlowView;
  rolledBack: { from: number | null; to: number; as: number };
  changes: FlowDiff;
};

/**
 * Publishes the definition of an old version as the next one: numbers only grow. It becomes the draft too; live runs stay on their version until
 * they are migrated. Throws `flow_version_not_found`, and what `publishFlow` throws.
 */
export async function rollbackFlow(
  platform: Platform,
  caller: Caller,
  { id, version }: { id: string; version: number },
): Promise<Rollback> {
  requireScope(caller, "flows:write");
  const flow = await requireFlow(platform.sql, caller.workspaceId, id);
  const definition = await definitionOf(platform, flow, version);
  const present = flow.version === null ? {} : await definitionOf(platform, flow, flow.version);
  const published = await publishFlow(platform, caller, { id: flow.id, definition });
  return {
    flow: published,
    rolledBack: { from: flow.version, to: version, as: published.version ?? version },
    changes: diffFlows(present, definition),
  };
}
