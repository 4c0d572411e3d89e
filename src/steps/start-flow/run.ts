import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { StepContext, StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import { scopeAt, templateFailure } from "../../core/template/failure.ts";
import { checkJson } from "../../core/template/render-json.ts";
import { renderPayload } from "../../core/template/render-payload.ts";
import { type StartFlowConfig, startFlowConfig } from "./schema.ts";

/** Starts a flow for the same contact, which comes in by a start entry with the payload as its event; this run goes on at once. */
export const startFlow: StepKind<StartFlowConfig> = {
  name: "start-flow",
  title: "Start flow",
  config: startFlowConfig,
  exits: () => ["next"],
  refersTo: ({ flow }) => [{ kind: "flow", id: flow, path: "flow" }],
  check: ({ payload }) => checkJson(payload, { path: "payload" }),
  run(config, context) {
    try {
      return start(config, context);
    } catch (error) {
      return templateFailure(error);
    }
  },
};

function start({ flow, entry, payload: templates }: StartFlowConfig, { scope, now }: StepContext): StepOutcome {
  const rendered = renderPayload(templates, scopeAt(scope, now));
  if (!rendered.ok) return { kind: "fail", reason: "invalid_payload", detail: rendered.detail };
  const flowId = flow.toLowerCase();
  const target = entry === undefined ? { flowId } : { flowId, entry };
  const started = { name: occurrenceName.start(flowId), payload: rendered.payload, target };
  return { kind: "go", exit: "next", occurrences: [started], detail: { flow: flowId } };
}
