import type { EffectRequest } from "../../core/flow/effect.ts";
import type { StepKind } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { normalizeEmail } from "../../core/message/address.ts";
import { scopeAt } from "../../core/template/failure.ts";
import { pickScope } from "../../core/template/fields.ts";
import { checkNotice, noticeMail, noticeRequest, noticeTemplates } from "./notice-parts.ts";
import { type NotifyConfig, notifyConfig } from "./schema.ts";

/**
 * Tells people of the workspace, by e-mail or by a call to a webhook, and goes on at once. Nothing about the contact keeps the notice back: it
 * may have no address, or none that is to be written to.
 */
export const notify: StepKind<NotifyConfig> = {
  name: "notify",
  title: "Notify",
  config: notifyConfig,
  exits: () => ["next"],
  check: checkNotice,
  mail: (config) => (config.by === "email" ? noticeMail(config) : null),
  request: (config) => (config.by === "webhook" ? noticeRequest(config) : null),
  run(config, { scope, workspace, now }) {
    const data = pickScope(scopeAt(scope, now), noticeTemplates(config));
    if (config.by === "webhook") return { kind: "go", exit: "next", effects: [{ kind: "http", data }] };
    const { addresses, unknown } = addressesOf(config.to, workspace.settings.notifyEmails);
    const effects = addresses.map((to): EffectRequest => ({ kind: "email", data: { ...data, notify: { to } } }));
    const detail: JsonObject = { to: addresses, ...(unknown.length > 0 ? { unknown } : {}) };
    return { kind: "go", exit: "next", effects, detail };
  },
};

/** Each address once; names that the settings do not know, or know with something that is no address, apart. */
function addressesOf(to: readonly string[], names: Readonly<Record<string, string>>) {
  const addresses = new Set<string>();
  const unknown: string[] = [];
  for (const recipient of to) {
    const known = Object.hasOwn(names, recipient) ? names[recipient] : undefined;
    const read = normalizeEmail(known ?? recipient);
    if (read.ok) addresses.add(read.value);
    else unknown.push(recipient);
  }
  return { addresses: [...addresses], unknown };
}
