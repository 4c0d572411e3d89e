import type { WorkspaceSettings } from "../workspace-settings.ts";

/** What flows know of the workspace they run in. */
export type WorkspaceFacts = { id: string; name: string; timeZone: string; settings: WorkspaceSettings };
