import { createHash } from "node:crypto";
import { AppError } from "../core/errors.ts";
import { findWorkspace } from "../storage/workspaces.ts";
import { requireFlow } from "./flow-view.ts";
import type { Caller, Platform } from "./platform.ts";

/** The id, 24 hex digits, by which Chatfuel's API names a workspace: always the same one. */
export function automationIdOf(workspaceId: string): string {
  return createHash("sha256").update(`automation:${workspaceId}`).digest("hex").slice(0, 24);
}

/**
 * Passes for what names the caller's workspace or something in it: its automation id, its id, one of the `automationIds` of its
 * settings, or the id or number of a flow. Throws `automation_not_found`.
 */
export async function requireAutomation({ sql }: Platform, { workspaceId }: Caller, ref: string): Promise<void> {
  const id = ref.toLowerCase();
  if (id === workspaceId || id === automationIdOf(workspaceId)) return;
  const workspace = await findWorkspace(sql, workspaceId);
  if (workspace?.settings.automationIds.includes(ref)) return;
  try {
    await requireFlow(sql, workspaceId, id);
  } catch (error) {
    if (!(error instanceof AppError && error.code === "flow_not_found")) throw error;
    throw new AppError("automation_not_found", `Unknown automation ${ref.slice(0, 100)}.`, { cause: error });
  }
}
