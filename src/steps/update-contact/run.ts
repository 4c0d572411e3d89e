import type { ContactChange } from "../../core/contact.ts";
import type { Issue } from "../../core/errors.ts";
import type { StepContext, StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import type { Json } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import { scopeAt, templateFailure } from "../../core/template/failure.ts";
import { checkJson, renderJson } from "../../core/template/render-json.ts";
import { checkTemplate, renderTemplate } from "../../core/template/template.ts";
import { maxTagLength, maxValueLength, type UpdateContactConfig, updateContactConfig } from "./schema.ts";

/** Sets and removes properties, tags and list memberships of the contact, in that order. */
export const updateContact: StepKind<UpdateContactConfig> = {
  name: "update-contact",
  title: "Update contact",
  config: updateContactConfig,
  exits: () => ["next"],
  refersTo: ({ joinLists, leaveLists }) => [
    ...joinLists.map((id, index) => ({ kind: "list" as const, id, path: `joinLists[${index}]` })),
    ...leaveLists.map((id, index) => ({ kind: "list" as const, id, path: `leaveLists[${index}]` })),
  ],
  check: (config) => [
    ...checkJson(config.properties, { path: "properties" }),
    ...checkTags(config.addTags, "addTags"),
    ...checkTags(config.removeTags, "removeTags"),
  ],
  run(config, context) {
    try {
      return update(config, context);
    } catch (error) {
      return templateFailure(error);
    }
  },
};

function checkTags(tags: readonly string[], path: string): Issue[] {
  return tags.flatMap((tag, index) => checkTemplate(tag, "text", { path: `${path}[${index}]` }));
}

function update(config: UpdateContactConfig, context: StepContext): StepOutcome {
  const scope = scopeAt(context.scope, context.now);
  const { properties, skipped } = renderProperties(config.properties, scope);
  const changes: ContactChange[] = [];
  if (Object.keys(properties).length > 0) changes.push({ kind: "set-properties", properties });
  const added = renderTags(config.addTags, scope, skipped);
  const removed = renderTags(config.removeTags, scope, skipped);
  if (added.length > 0) changes.push({ kind: "add-tags", tags: added });
  if (removed.length > 0) changes.push({ kind: "remove-tags", tags: removed });
  for (const listId of config.joinLists) changes.push({ kind: "set-membership", listId, state: "subscribed" });
  for (const listId of config.leaveLists) changes.push({ kind: "set-membership", listId, state: "unsubscribed" });
  return { kind: "go", exit: "next", changes, detail: { changed: Object.keys(properties), added, removed, skipped } };
}

/**
 * A template that gives nothing, or too much, leaves its property as it is and is named in `skipped`:
 * only a null that a person wrote removes one, so that an event which lacks a field costs no data.
 */
function renderProperties(templates: Record<string, Json>, scope: Scope) {
  const properties: Record<string, Json> = {};
  const skipped: string[] = [];
  for (const [name, template] of Object.entries(templates)) {
    const value = renderJson(template, scope);
    const isLost = template !== null && value === null;
    if (isLost || JSON.stringify(value).length > maxValueLength) skipped.push(name);
    else properties[name] = value;
  }
  return { properties, skipped };
}

function renderTags(templates: readonly string[], scope: Scope, skipped: string[]): string[] {
  const tags = new Set<string>();
  for (const template of templates) {
    const tag = renderTemplate(template, scope, "header");
    if (tag === "" || tag.length > maxTagLength) skipped.push(template);
    else tags.add(tag);
  }
  return [...tags];
}
