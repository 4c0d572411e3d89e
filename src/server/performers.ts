import { channels } from "../channels/index.ts";
import { createEmailEffects, type NamedTransport } from "../engine/perform/email-effects.ts";
import { createHttpPerformer, type HttpPerformer } from "../engine/perform/http/http.ts";
import { createHttpEffects } from "../engine/perform/http-effects.ts";
import type { EffectPerformer } from "../engine/perform/performer.ts";
import type { Platform } from "../operations/platform.ts";
import { openSecrets } from "../operations/secrets.ts";
import type { Configuration } from "./configuration.ts";
import { createSecretCache } from "./secret-cache.ts";
import { version } from "./version.ts";

type Settings = Pick<Configuration, "smtp" | "emailFrom" | "allowPrivateNetworks">;

export type Performers = { performers: EffectPerformer[]; http: HttpPerformer };

/** What performs the effects of this process, HTTP actions and e-mails; and what makes the calls. The performers close it. */
export function createPerformers(platform: Platform, settings: Settings): Performers {
  const { sql, flows, now } = platform;
  const shared = { flows, now, random: Math.random };
  const http = createHttpPerformer({ allow: settings.allowPrivateNetworks, version });
  const secretsOf = createSecretCache(
    (workspaceId) => openSecrets(platform, workspaceId),
    () => performance.now(),
  );
  const transports = emailTransports(settings);
  // Many more than connections: while some are handed over, others are rendered, and noted in one batch.
  const concurrency = 8 * (settings.smtp?.maxConnections ?? 10);
  const performers = [
    createHttpEffects({ ...shared, http, secretsOf }),
    createEmailEffects({ ...shared, sql, transports, defaultFrom: settings.emailFrom, concurrency }),
  ];
  return { performers, http };
}

/** The relay first when there is one; the sandbox is always there for flows that name it. */
function emailTransports({ smtp }: Settings): readonly [NamedTransport, ...NamedTransport[]] {
  const { createTransport } = channels.email;
  // What the sandbox gets is stored with the message's own row, in one commit.
  const sandbox = {
    name: "sandbox",
    transport: createTransport({ kind: "sandbox" }, async () => undefined),
    sandbox: true,
  };
  if (!smtp) return [sandbox];
  return [{ name: "smtp", transport: createTransport(smtp, async () => undefined), sandbox: false }, sandbox];
}
