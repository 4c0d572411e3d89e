import type { Issue } from "../../core/errors.ts";
import { eventNameSchema } from "../../core/flow/definition.ts";
import type { StepContext, StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import { issuesOf } from "../../core/issues.ts";
import { scopeAt, templateFailure } from "../../core/template/failure.ts";
import { checkJson } from "../../core/template/render-json.ts";
import { renderPayload } from "../../core/template/render-payload.ts";
import { checkTemplate, renderTemplate } from "../../core/template/template.ts";
import { type EmitEventConfig, emitEventConfig } from "./schema.ts";

/** Makes an event happen to the contact, which flows meet as if it had come from outside. */
export const emitEvent: StepKind<EmitEventConfig> = {
  name: "emit-event",
  title: "Emit event",
  config: emitEventConfig,
  exits: () => ["next"],
  check: ({ event, payload }) => [...checkName(event), ...checkJson(payload, { path: "payload" })],
  run(config, context) {
    try {
      return emit(config, context);
    } catch (error) {
      return templateFailure(error);
    }
  },
};

function emit(config: EmitEventConfig, { scope: given, now }: StepContext): StepOutcome {
  const scope = scopeAt(given, now);
  const name = renderTemplate(config.event, scope, "header");
  if (!eventNameSchema.safeParse(name).success)
    return { kind: "fail", reason: "invalid_event_name", detail: { event: name.slice(0, 200) } };
  const rendered = renderPayload(config.payload, scope);
  if (!rendered.ok) return { kind: "fail", reason: "invalid_payload", detail: rendered.detail };
  return { kind: "go", exit: "next", occurrences: [{ name, payload: rendered.payload }], detail: { event: name } };
}

/** A name that is no template must be one that an event can have. */
function checkName(event: string): Issue[] {
  const issues = checkTemplate(event, "text", { path: "event" });
  const parsed = /\{[{%]/.test(event) ? { success: true as const } : eventNameSchema.safeParse(event);
  return parsed.success ? issues : issuesOf(parsed.error, "event");
}
