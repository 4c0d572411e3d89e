import type { StepKind } from "../../core/flow/step-kind.ts";
import { type EndConfig, endConfig } from "./schema.ts";

/** Ends the run. */
export const end: StepKind<EndConfig> = {
  name: "end",
  title: "End",
  config: endConfig,
  exits: () => [],
  run: ({ reason }) => ({ kind: "end", ...(reason === undefined ? {} : { detail: { reason } }) }),
};
