import type { CompiledFlow, CompiledStep } from "../flow/compile.ts";
import type { HttpRequest } from "../http-request.ts";

/** The step of a flow that asked for an effect. */
export function stepOf(flow: CompiledFlow, name: string): CompiledStep {
  const step = flow.steps.get(name);
  if (!step) throw new Error(`The flow ${flow.id} has no step "${name}".`);
  return step;
}

/** The request that an effect of the step makes. */
export function requestOf({ config }: CompiledStep): HttpRequest {
  return config as HttpRequest;
}
