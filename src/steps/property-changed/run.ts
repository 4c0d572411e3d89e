import { equalJson } from "../../core/equal-json.ts";
import { admitWhere, refuse } from "../../core/flow/admission.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { type PropertyChangedConfig, propertyChangedConfig } from "./schema.ts";

/** Starts the flow when a property of the contact gets another value; `event` has the property, before and after. */
export const propertyChanged: EntryKind<PropertyChangedConfig> = {
  name: "property-changed",
  title: "Property changed",
  config: propertyChangedConfig,
  listensTo,
  accepts(config, { name, payload }, context) {
    if (!listensTo(config).includes(name)) return refuse("other_event");
    const { property, to, from, where } = config;
    if (from !== undefined && !equalJson(payload["before"] ?? null, from))
      return refuse("other_value_before", { property });
    if (to !== undefined && !equalJson(payload["after"] ?? null, to)) return refuse("other_value", { property });
    return admitWhere(where, context);
  },
};

function listensTo({ property, alsoWhenSetAgain }: PropertyChangedConfig): string[] {
  const again = alsoWhenSetAgain ? [occurrenceName.propertySetAgain(property)] : [];
  return [occurrenceName.property(property), ...again];
}
