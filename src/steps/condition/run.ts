import { type Explanation, explain } from "../../core/condition/condition.ts";
import type { StepKind } from "../../core/flow/step-kind.ts";
import { type ConditionConfig, conditionConfig, elseExit } from "./schema.ts";

/** Sends the run down the first path whose condition holds, or through `else`. The trail shows the paths looked at, and what was found. */
export const condition: StepKind<ConditionConfig> = {
  name: "condition",
  title: "Condition",
  config: conditionConfig,
  exits: ({ paths }) => [...paths.map(({ name }) => name), elseExit],
  run({ paths }, { scope, now }) {
    const looked: { name: string; when: Explanation }[] = [];
    for (const { name, when } of paths) {
      const explained = explain(when, scope, now);
      looked.push({ name, when: explained });
      if (explained.result) return { kind: "go", exit: name, detail: { paths: looked } };
    }
    return { kind: "go", exit: elseExit, detail: { paths: looked } };
  },
};
