import { createFlowCache } from "../operations/flow-cache.ts";
import type { Platform } from "../operations/platform.ts";
import { createEventRecorder } from "../operations/record-events.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import type { Sql } from "../storage/database.ts";
import type { Configuration } from "./configuration.ts";
import { createSecretBox, loadSecretKey } from "./secret-box.ts";

/** What operations work with in this process. `signal` and `wake` are told, after each commit, of new work. */
export async function createPlatform(
  { sql, hot }: { sql: Sql; hot: Sql },
  { secretKey, dataDir }: Pick<Configuration, "secretKey" | "dataDir">,
  { signal, wake }: Pick<Platform, "signal" | "wake">,
): Promise<Platform> {
  const registry = { steps: stepKinds, entries: entryKinds };
  const flows = createFlowCache(registry);
  const now = () => new Date();
  const secretBox = createSecretBox(await loadSecretKey({ configured: secretKey, dataDir }));
  const recorder = createEventRecorder({ sql: hot, flows, now, onWork: signal });
  return { sql, flows, recorder, registry, secretBox, now, signal, wake };
}
