import type { StepKind } from "../../core/flow/step-kind.ts";
import { type GoToConfig, goToConfig } from "./schema.ts";

/** Sends the run on at another step: a join or a loop without a line across the canvas. */
export const goTo: StepKind<GoToConfig> = {
  name: "go-to",
  title: "Go to",
  config: goToConfig,
  exits: () => [],
  leadsTo: ({ step }) => ({ step }),
  run: () => ({ kind: "go", exit: "step" }),
};
