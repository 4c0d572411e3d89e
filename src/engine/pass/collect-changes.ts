import type { ContactChange } from "../../core/contact.ts";
import { type ContactPatch, emptyPatch } from "../../storage/contacts.ts";
import type { MembershipRow } from "../../storage/memberships.ts";
import type { SuppressionRow } from "../../storage/suppressions.ts";

/** What a pass writes of contacts. */
export type ChangeRows = { patches: ContactPatch[]; memberships: MembershipRow[]; suppressions: SuppressionRow[] };

type Owner = { lane: number; contactId: string; workspaceId: string };

/** The rows of what runs changed about a contact. */
export function addChanges(
  rows: ChangeRows,
  owner: Owner,
  { changes, now }: { changes: readonly ContactChange[]; now: Date },
): void {
  if (changes.length === 0) return;
  const patch = emptyPatch({ lane: owner.lane, id: owner.contactId }, now);
  for (const change of changes) {
    if (change.kind === "set-membership")
      rows.memberships.push({ ...owner, listId: change.listId, state: change.state, at: now });
    else if (change.kind === "suppress")
      rows.suppressions.push({ ...change, workspaceId: owner.workspaceId, createdAt: now });
    else applyToPatch(patch, change);
  }
  const isEmpty =
    patch.unset.length + patch.addTags.length + patch.removeTags.length + Object.keys(patch.properties).length === 0;
  if (!isEmpty) rows.patches.push(patch);
}

function applyToPatch(
  patch: ContactPatch,
  change: Exclude<ContactChange, { kind: "set-membership" | "suppress" }>,
): void {
  if (change.kind === "add-tags") {
    patch.removeTags = patch.removeTags.filter((tag) => !change.tags.includes(tag));
    patch.addTags.push(...change.tags);
  } else if (change.kind === "remove-tags") {
    patch.addTags = patch.addTags.filter((tag) => !change.tags.includes(tag));
    patch.removeTags.push(...change.tags);
  } else {
    for (const [name, value] of Object.entries(change.properties)) {
      delete patch.properties[name];
      patch.unset = patch.unset.filter((other) => other !== name);
      if (value === null) patch.unset.push(name);
      else patch.properties[name] = value;
    }
  }
}
