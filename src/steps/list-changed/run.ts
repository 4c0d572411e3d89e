import { admitWhere, refuse } from "../../core/flow/admission.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { type ListChangedConfig, listChangedConfig } from "./schema.ts";

/** Starts the flow when the contact joins or leaves a list; `event.list` is the list. */
export const listChanged: EntryKind<ListChangedConfig> = {
  name: "list-changed",
  title: "List joined or left",
  config: listChangedConfig,
  listensTo: (config) => [nameOf(config)],
  accepts: (config, { name }, context) =>
    name === nameOf(config) ? admitWhere(config.where, context) : refuse("other_event"),
};

function nameOf({ list, change }: ListChangedConfig): string {
  return change === "joined" ? occurrenceName.listJoined(list) : occurrenceName.listLeft(list);
}
