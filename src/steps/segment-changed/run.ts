import { admitWhere, refuse } from "../../core/flow/admission.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { type SegmentChangedConfig, segmentChangedConfig } from "./schema.ts";

/** Starts the flow when the contact enters or leaves a segment; `event` has the segment and the cause. */
export const segmentChanged: EntryKind<SegmentChangedConfig> = {
  name: "segment-changed",
  title: "Segment entered or left",
  config: segmentChangedConfig,
  listensTo: (config) => [nameOf(config)],
  accepts(config, { name, payload }, context) {
    if (name !== nameOf(config)) return refuse("other_event");
    if (payload["cause"] === "definition" && !config.alsoWhenRedefined) return refuse("segment_redefined");
    return admitWhere(config.where, context);
  },
};

function nameOf({ segment, change }: SegmentChangedConfig): string {
  return change === "entered" ? occurrenceName.segmentEntered(segment) : occurrenceName.segmentLeft(segment);
}
