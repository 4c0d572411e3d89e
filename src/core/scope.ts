import type { JsonObject } from "./json.ts";

/**
 * What templates and conditions can see of one run, as plain JSON.
 * `contact`: built-in fields (id, externalId, email, phone, tags, lists, timeZone, locale, createdAt) and the contact's properties beside them.
 * `event`: the payload of the event that started the run. `run`: id, key, flow, startedAt, eventName, eventAt and the run's variables.
 * `steps`: the answer each step left under its name. `workspace`: id, name, timeZone.
 */
export type Scope = {
  contact: JsonObject;
  event: JsonObject;
  run: JsonObject;
  steps: JsonObject;
  workspace: JsonObject;
};

export const scopeRoots = ["contact", "event", "run", "steps", "workspace"] as const;
