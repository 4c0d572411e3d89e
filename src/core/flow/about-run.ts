import { z } from "zod";
import { type Condition, conditionSchema, evaluate } from "../condition/condition.ts";
import type { Issue } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
import { checkTemplate, renderTemplate } from "../template/template.ts";
import { runKey } from "./run-key.ts";

/** Two templates that must give the same text: one over what comes (its payload is `event`), one over the run. */
const keySchema = z.strictObject({
  event: z.string().min(1).max(1000),
  run: z.string().min(1).max(1000).default("{{ run.key }}"),
});
export type CorrelationKey = z.output<typeof keySchema>;

/** What has to be true of something that comes, besides its name, to be about a run: fields of a configuration. */
export const aboutRunFields = { where: conditionSchema.optional(), key: keySchema.optional() };
export type AboutRun = { where?: Condition | undefined; key?: CorrelationKey | undefined };

/** Whether what came is about the run whose `scope` is given. In the condition `event` is what came, `run.event` what started the run. */
export function isAboutRun({ where, key }: AboutRun, payload: JsonObject, { scope, now }: { scope: Scope; now: Date }) {
  const theirs = { ...scope, event: payload, run: { ...scope.run, event: scope.event } };
  if (where !== undefined && !evaluate(where, theirs, now)) return false;
  return key === undefined || agree(key, theirs, scope);
}

/** What is wrong with the templates of a key. */
export function checkKey(key: CorrelationKey | undefined, path: string): Issue[] {
  if (key === undefined) return [];
  return [
    ...checkTemplate(key.event, "text", { path: `${path}.event` }),
    ...checkTemplate(key.run, "text", { path: `${path}.run` }),
  ];
}

/** An empty key agrees with nothing. */
function agree(key: CorrelationKey, theirs: JsonObject, ours: JsonObject): boolean {
  const came = rendered(key.event, theirs);
  return came !== "" && came === rendered(key.run, ours);
}

/** A key that cannot be rendered counts as empty. */
function rendered(template: string, scope: JsonObject): string {
  try {
    return runKey(renderTemplate(template, scope, "text"));
  } catch {
    return "";
  }
}
