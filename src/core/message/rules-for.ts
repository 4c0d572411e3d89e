import type { FlowDefinition } from "../flow/definition.ts";
import type { WorkspaceSettings } from "../workspace-settings.ts";
import type { SendingRules } from "./sending.ts";

/** What decides which rules a message falls under. `isMessage` is false for what goes to people of the workspace; no transport: none that is known. */
export type RuledMessage = {
  settings: WorkspaceSettings | undefined;
  sending: FlowDefinition["sending"] | undefined;
  purpose: "transactional" | "marketing";
  isMessage: boolean;
  transport: string | null;
  /** The keys of the buckets of its rates. */
  keys: { flow: string; transport: string };
};

/** The rules that a message falls under, of its workspace and its flow; null when there are none. */
export function rulesFor({
  settings,
  sending,
  purpose,
  isMessage,
  transport,
  keys,
}: RuledMessage): SendingRules | null {
  const isMarketing = purpose === "marketing" && isMessage;
  const quietHours = sending?.quietHours === undefined ? (settings?.quietHours ?? null) : sending.quietHours;
  const transportRate = transport === null ? undefined : settings?.transportRates[transport];
  const rates = [
    ...(sending?.rate ? [{ key: keys.flow, rate: sending.rate }] : []),
    ...(transportRate ? [{ key: keys.transport, rate: transportRate }] : []),
  ];
  const rules = {
    quietHours: isMarketing ? quietHours : null,
    // All of them, also those of other topics: each has to know what was sent.
    caps: isMarketing ? (settings?.frequencyCaps ?? []) : [],
    rates,
  };
  return rules.quietHours === null && rules.caps.length + rates.length === 0 ? null : rules;
}
