import type { ContactChange } from "../../core/contact.ts";
import type { EffectAnswer } from "../../core/flow/effect.ts";
import type { StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { parsePath, readPath } from "../../core/path.ts";
import type { Scope } from "../../core/scope.ts";
import { scopeAt } from "../../core/template/failure.ts";
import { pickScope } from "../../core/template/fields.ts";
import { TemplateError } from "../../core/template/template-error.ts";
import { checkRequestTemplates, requestTemplates } from "./request-templates.ts";
import { type HttpActionConfig, httpActionConfig } from "./schema.ts";

const maxShownLength = 2048;
const shownFields = ["status", "reason", "message", "durationMs", "attempts", "url"];

/** Calls an HTTP API and leaves its answer as the result; `success` is a 2xx, anything else is `error` with a reason. */
export const httpAction: StepKind<HttpActionConfig> = {
  name: "http-action",
  title: "HTTP action",
  config: httpActionConfig,
  exits: () => ["success", "error"],
  pauses: () => true,
  request: (config) => config,
  check: checkRequestTemplates,
  run(config, { scope, answer, now }) {
    if (!answer) return askForCall(config, scopeAt(scope, now));
    const detail = shownAnswer(answer.result);
    if (!answer.ok) return { kind: "go", exit: "error", result: answer.result, detail };
    return { kind: "go", exit: "success", result: answer.result, changes: savedChanges(config, answer), detail };
  },
};

function askForCall(config: HttpActionConfig, scope: Scope): StepOutcome {
  try {
    return { kind: "ask", effect: { kind: "http", data: pickScope(scope, requestTemplates(config)) } };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const result = { reason: "invalid_request", message: error.message };
    return { kind: "go", exit: "error", result, detail: result };
  }
}

/** A path that leads nowhere leaves its property as it is; a null in the answer removes it. */
function savedChanges({ save }: HttpActionConfig, { result }: EffectAnswer): ContactChange[] {
  const found = save.flatMap(({ property, path }): [string, Json][] => {
    const value = readPath(result, parsePath(path) ?? []);
    return value === undefined ? [] : [[property, value]];
  });
  return found.length === 0 ? [] : [{ kind: "set-properties", properties: Object.fromEntries(found) }];
}

function shownAnswer(result: Json): JsonObject {
  if (!isJsonObject(result)) return {};
  const shown = Object.fromEntries(Object.entries(result).filter(([name]) => shownFields.includes(name)));
  return result.body === undefined ? shown : { ...shown, body: cut(result.body) };
}

function cut(body: Json): Json {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return text.length <= maxShownLength ? body : text.slice(0, maxShownLength).replace(/\p{Surrogate}/gu, "");
}
