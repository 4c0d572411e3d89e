import { mergeProperties } from "../../core/contact.ts";
import { reservedVariables } from "../../core/flow/run-scope.ts";
import type { StepContext, StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { scopeAt, templateFailure } from "../../core/template/failure.ts";
import { checkJson, renderJson } from "../../core/template/render-json.ts";
import { maxVariablesLength, type SetVariableConfig, setVariableConfig } from "./schema.ts";

/** Sets variables of the run, which later steps see as `run.<name>`. A template that gives nothing removes its variable. */
export const setVariable: StepKind<SetVariableConfig> = {
  name: "set-variable",
  title: "Set variable",
  config: setVariableConfig,
  exits: () => ["next"],
  setsVars: ({ variables }) => Object.keys(variables),
  check: ({ variables }) => checkJson(variables, { path: "variables" }),
  run(config, context) {
    try {
      return set(config, context);
    } catch (error) {
      return templateFailure(error);
    }
  },
};

function set({ variables }: SetVariableConfig, { scope, now }: StepContext): StepOutcome {
  const vars = renderJson(variables, scopeAt(scope, now)) as JsonObject;
  const { length } = JSON.stringify(mergeProperties(ownVariables(scope.run), vars));
  if (length > maxVariablesLength)
    return { kind: "fail", reason: "variables_too_large", detail: { characters: length, limit: maxVariablesLength } };
  const removed = Object.keys(vars).filter((name) => vars[name] === null);
  return { kind: "go", exit: "next", vars, detail: { set: shown(vars), removed } };
}

function ownVariables(run: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(run).filter(([name]) => !reservedVariables.includes(name)));
}

const shownLength = 500;

/** What was set, for the trail; long values as so many characters. */
function shown(vars: JsonObject): JsonObject {
  const entries = Object.entries(vars).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const { length } = JSON.stringify(value);
      return [name, length <= shownLength ? value : `(${length} characters)`];
    }),
  );
}
