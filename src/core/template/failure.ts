import type { StepOutcome } from "../flow/step-kind.ts";
import type { Scope } from "../scope.ts";
import { TemplateError } from "./template-error.ts";

/** The outcome of a step whose template could not be rendered. Throws anything else on: that is a bug. */
export function templateFailure(error: unknown): StepOutcome {
  if (!(error instanceof TemplateError)) throw error;
  const { message, line, column } = error;
  return { kind: "fail", reason: "template_failed", detail: { message, line, column } };
}

/** The scope with `run.now`, the instant of the decision: what `"now" | date` means in a template. */
export function scopeAt(scope: Scope, now: Date): Scope {
  return { ...scope, run: { ...scope.run, now: now.toISOString() } };
}
