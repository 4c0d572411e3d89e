import type { CompiledFlow } from "../core/flow/compile.ts";
import type { Queryable } from "../storage/database.ts";
import type { FlowCache } from "./flow-cache.ts";

/** A version of a flow, compiled. Throws when there is none: versions are never taken away. */
export async function requireVersion(
  sql: Queryable,
  flows: FlowCache,
  { flowId, version }: { flowId: string; version: number },
): Promise<CompiledFlow> {
  await flows.need(sql, [{ flowId, version }]);
  const flow = flows.version(flowId, version);
  if (!flow) throw new Error(`Version ${version} of flow ${flowId} is missing.`);
  return flow;
}
