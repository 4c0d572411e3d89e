import { z } from "zod";
import { type Condition, conditionFields, conditionSchema, evaluate } from "./condition/condition.ts";
import { type Contact, contactScope } from "./contact.ts";
import type { Issue } from "./errors.ts";
import type { WorkspaceFacts } from "./flow/workspace-facts.ts";

const id = z.uuid("must be a UUID");

/** Whom a start is for: those subscribed to a list, those in a segment, or those for whom a condition on the contact holds. */
export const audienceSchema = z.union([
  z.strictObject({ list: id }),
  z.strictObject({ segment: id }),
  z.strictObject({ where: conditionSchema }),
]);
export type Audience = z.output<typeof audienceSchema>;

/** What the schema of an audience cannot say: its condition may ask for the contact only. */
export function audienceIssues(audience: Audience, path: string): Issue[] {
  return "where" in audience ? contactOnlyIssues(audience.where, path === "" ? "where" : `${path}.where`) : [];
}

/** True when the contact, loaded with all that the audience asks for, is in it at that instant; null is everyone. */
export function isInAudience(
  audience: Audience | null,
  contact: Contact,
  { workspace, now }: { workspace: WorkspaceFacts; now: Date },
): boolean {
  if (audience === null) return true;
  if ("list" in audience) return contact.lists[audience.list] === "subscribed";
  if ("segment" in audience) return contact.segments?.includes(audience.segment) ?? false;
  const { id, name, timeZone } = workspace;
  const scope = { contact: contactScope(contact), event: {}, run: {}, steps: {}, workspace: { id, name, timeZone } };
  return evaluate(audience.where, scope, now);
}

/** A condition that chooses contacts asks for their fields, events, messages, lists and segments; there is no event or run that it stands in. */
export function contactOnlyIssues(where: Condition, path: string): Issue[] {
  const foreign = conditionFields(where).filter((field) => !/^(\$\.)?contact\b/.test(field));
  return foreign.map((field) => ({ path, message: `must only look at the contact; it asks for ${field}` }));
}
