import type { StepKind } from "../../core/flow/step-kind.ts";
import { pickByWeight, shareOf } from "../../core/hash.ts";
import { type SplitConfig, splitConfig } from "./schema.ts";

/** Deals contacts out over its exits at random, by weight. The same contact takes the same exit whenever it comes. */
export const split: StepKind<SplitConfig> = {
  name: "split",
  title: "Random split",
  config: splitConfig,
  exits: ({ exits }) => exits.map(({ name }) => name),
  pauses: () => false,
  run({ exits }, { contact, flowId, step }) {
    const share = shareOf(`${contact.id}|${flowId}|${step}`);
    return { kind: "go", exit: pickByWeight(share, exits).name, detail: { share: Number(share.toFixed(6)) } };
  },
};
