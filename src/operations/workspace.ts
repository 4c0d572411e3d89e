import type { WorkspaceSettings } from "../core/workspace-settings.ts";
import { findWorkspace, updateWorkspace } from "../storage/workspaces.ts";
import { automationIdOf } from "./automation-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/**
 * The workspace of the caller: its name, the zone that is meant where a contact has none, and what its people have set for all flows.
 * `automationId` names it in Chatfuel's API.
 */
export type WorkspaceView = {
  id: string;
  automationId: string;
  name: string;
  timeZone: string;
  settings: WorkspaceSettings;
};

export async function getWorkspace({ sql }: Platform, caller: Caller): Promise<WorkspaceView> {
  requireScope(caller, "workspace:read");
  return viewOf(await findWorkspace(sql, caller.workspaceId));
}

export type WorkspaceInput = {
  name?: string | undefined;
  timeZone?: string | undefined;
  settings?: WorkspaceSettings | undefined;
};

/** Changes what is given; settings are replaced as a whole. Every process goes by them from its next look at the database on. */
export async function changeWorkspace(
  { sql }: Platform,
  caller: Caller,
  input: WorkspaceInput,
): Promise<WorkspaceView> {
  requireScope(caller, "workspace:write");
  return sql.begin(async (transaction) => {
    const old = viewOf(await findWorkspace(transaction, caller.workspaceId, { lock: true }));
    const { name = old.name, timeZone = old.timeZone, settings = old.settings } = input;
    const changed = { ...old, name, timeZone, settings };
    await updateWorkspace(transaction, changed);
    return changed;
  });
}

function viewOf(row: Omit<WorkspaceView, "automationId"> | undefined): WorkspaceView {
  if (!row) throw new Error("The workspace of a caller is gone.");
  const { id, name, timeZone, settings } = row;
  return { id, automationId: automationIdOf(id), name, timeZone, settings };
}
