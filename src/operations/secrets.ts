import { AppError } from "../core/errors.ts";
import { listSecretNames, loadSecrets, removeSecret as removeSecretRow, saveSecret } from "../storage/secrets.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

const namePattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const maxLength = 10_000;

/** Keeps a secret for HTTP actions under a name, sealed. An earlier one of the name is replaced. */
export async function setSecret(
  platform: Platform,
  caller: Caller,
  { name, value }: { name: string; value: string },
): Promise<{ name: string }> {
  requireScope(caller, "flows:write");
  const issues = [];
  if (!namePattern.test(name))
    issues.push({ path: "name", message: "must start with a letter and hold only letters, digits and _ (64 at most)" });
  if (value === "" || value.length > maxLength)
    issues.push({ path: "value", message: `must have 1 to ${maxLength} characters` });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const { workspaceId } = caller;
  const sealed = platform.secretBox.seal(value, contextOf(workspaceId, name));
  await saveSecret(platform.sql, { workspaceId, name, sealed, now: platform.now() });
  return { name };
}

export type SecretView = { name: string; updatedAt: Date };

/** The names of the secrets. What they hold is never shown. */
export async function listSecrets(
  platform: Platform,
  caller: Caller,
): Promise<{ data: SecretView[]; nextCursor: null }> {
  requireScope(caller, "flows:read");
  const rows = await listSecretNames(platform.sql, caller.workspaceId);
  return { data: rows.map(({ name, updatedAt }) => ({ name, updatedAt })), nextCursor: null };
}

/** Forgets a secret. Throws `secret_not_found`. */
export async function removeSecret(
  platform: Platform,
  caller: Caller,
  { name }: { name: string },
): Promise<{ name: string }> {
  requireScope(caller, "flows:write");
  const isThere =
    namePattern.test(name) && (await removeSecretRow(platform.sql, { workspaceId: caller.workspaceId, name }));
  if (!isThere) throw new AppError("secret_not_found");
  return { name };
}

/** The secrets of a workspace, opened: for performing HTTP actions, and for nothing else. */
export async function openSecrets(
  platform: Pick<Platform, "sql" | "secretBox">,
  workspaceId: string,
): Promise<Record<string, string>> {
  const rows = await loadSecrets(platform.sql, workspaceId);
  return Object.fromEntries(
    rows.map(({ name, sealed }) => [name, platform.secretBox.open(sealed, contextOf(workspaceId, name))]),
  );
}

/** Binds a sealed text to its place: moved to another name or workspace it does not open. */
function contextOf(workspaceId: string, name: string): string {
  return `${workspaceId}:${name}`;
}
