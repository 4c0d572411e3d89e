/** How long a changed secret may still be used with its old value, in milliseconds. */
const keptMs = 2000;

type Opened = Promise<Record<string, string>>;

/** Remembers opened secrets for a moment: every HTTP action needs them, and nearly always they are the same. `clock` is in milliseconds. */
export function createSecretCache(
  open: (workspaceId: string) => Opened,
  clock: () => number,
): (workspaceId: string) => Opened {
  const kept = new Map<string, { secrets: Opened; until: number }>();
  return (workspaceId) => {
    const found = kept.get(workspaceId);
    if (found && found.until > clock()) return found.secrets;
    const secrets = open(workspaceId);
    kept.set(workspaceId, { secrets, until: clock() + keptMs });
    // A failure is not kept: the next call asks again.
    secrets.catch(() => kept.delete(workspaceId));
    return secrets;
  };
}
