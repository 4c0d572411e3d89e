import type { CompiledFlow, CompiledStep } from "../flow/compile.ts";
import type { HttpRequest } from "../http-request.ts";
import type { MailTemplate } from "../message/mail-template.ts";

/** The step of a flow that asked for an effect. */
export function stepOf(flow: CompiledFlow, name: string): CompiledStep {
  const step = flow.steps.get(name);
  if (!step) throw new Error(`The flow ${flow.id} has no step "${name}".`);
  return step;
}

/** The request that an effect of the step makes. Null: a bug of its kind, which the engine would tell as one too. */
export function requestOf({ kind, config }: CompiledStep): HttpRequest | null {
  return kind.request?.(config) ?? null;
}

/** The mail that an effect of the step sends. */
export function mailOf({ kind, config }: CompiledStep): MailTemplate | null {
  return kind.mail?.(config) ?? null;
}
