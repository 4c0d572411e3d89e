import { findWorkspaceNumber } from "../storage/workspaces.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { getWorkspace } from "./workspace.ts";

/** The workspace as an account of other systems: with its number, and the first address that notices go to (null: there is none). */
export type AccountView = { number: number; name: string; timeZone: string; email: string | null };

export async function getAccount(platform: Platform, caller: Caller): Promise<AccountView> {
  requireScope(caller, "workspace:read");
  const [{ name, timeZone, settings }, number] = await Promise.all([
    getWorkspace(platform, caller),
    findWorkspaceNumber(platform.sql, caller.workspaceId),
  ]);
  return { number, name, timeZone, email: Object.values(settings.notifyEmails)[0] ?? null };
}
