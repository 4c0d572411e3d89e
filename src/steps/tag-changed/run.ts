import { admitWhere, refuse } from "../../core/flow/admission.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { type TagChangedConfig, tagChangedConfig } from "./schema.ts";

/** Starts the flow when the contact gets or loses a tag; `event.tag` is the tag. */
export const tagChanged: EntryKind<TagChangedConfig> = {
  name: "tag-changed",
  title: "Tag added or removed",
  config: tagChangedConfig,
  listensTo: (config) => [nameOf(config)],
  accepts: (config, { name }, context) =>
    name === nameOf(config) ? admitWhere(config.where, context) : refuse("other_event"),
};

function nameOf({ tag, change }: TagChangedConfig): string {
  return change === "added" ? occurrenceName.tagAdded(tag) : occurrenceName.tagRemoved(tag);
}
