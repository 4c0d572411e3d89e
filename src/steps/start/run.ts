import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { declarationIssues, readVariables } from "../../core/flow/variables.ts";
import { type StartConfig, startConfig } from "./schema.ts";

/** Starts the flow when the API or a step of another flow asks for it, with the variables that it declares. */
export const start: EntryKind<StartConfig> = {
  name: "start",
  title: "Start",
  config: startConfig,
  check: ({ variables }) =>
    declarationIssues(variables).map(({ path, message }) => ({ path: `variables.${path}`, message })),
  listensTo: (_config, { flowId }) => [occurrenceName.start(flowId)],
  accepts({ variables: declared }, { name, target, payload }, { entry }) {
    if (target === null || name !== occurrenceName.start(target.flowId)) return { admit: false, reason: "other_event" };
    if (target.entry !== undefined && target.entry !== entry) return { admit: false, reason: "other_entry" };
    const { variables, issues } = readVariables(declared, payload);
    if (issues.length === 0) return { admit: true, payload: variables };
    return { admit: false, reason: "variables_invalid", detail: { issues } };
  },
  start: { read: ({ variables: declared }, given) => readVariables(declared, given) },
};
