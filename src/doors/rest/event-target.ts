import { requireFlow } from "../../operations/flow-view.ts";
import type { Caller, Platform } from "../../operations/platform.ts";

/** The id of the flow that an event names by id or number. Throws `flow_not_found`. */
export async function flowIdOf(platform: Platform, caller: Caller, flow: string | number): Promise<string> {
  const { id } = await requireFlow(platform.sql, caller.workspaceId, String(flow));
  return id;
}
