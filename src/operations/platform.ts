import { AppError } from "../core/errors.ts";
import type { Registry } from "../core/flow/compile.ts";
import type { Sql } from "../storage/database.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { EventRecorder } from "./record-events.ts";

/** Seals and opens secrets; `context` binds a sealed text to its place. Open throws when either was changed. */
export type SecretBox = {
  seal(text: string, context: string): Uint8Array;
  open(sealed: Uint8Array, context: string): string;
};

/** What operations work with. One per process. */
export type Platform = {
  sql: Sql;
  flows: FlowCache;
  recorder: EventRecorder;
  registry: Registry;
  secretBox: SecretBox;
  now: () => Date;
  /** Tells the engines that lanes have work. After the commit. */
  signal: (lanes: Iterable<number>) => void;
  /** Tells the engines that there is work beside the lanes: a broadcast, a schedule, a job, or a segment to build. After the commit. */
  wake: () => void;
};

export const scopes = [
  "events:write",
  "events:read",
  "contacts:write",
  "contacts:read",
  "flows:write",
  "flows:read",
  "runs:write",
  "runs:read",
  "messages:write",
  "messages:read",
  "keys:write",
  "workspace:read",
  "workspace:write",
] as const;
export type Scope = (typeof scopes)[number];

/** Who asks: the workspace everything happens in, and what the key allows. */
export type Caller = { workspaceId: string; keyId: string | null; name: string; scopes: ReadonlySet<string> };

/** Throws `forbidden` unless the caller's key allows `scope`. Every operation begins with it. */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.has(scope)) return;
  throw new AppError("forbidden", `This API key lacks the scope ${scope}.`, { detail: { scope } });
}
