import { findContact } from "../storage/contact-reads.ts";
import type { Transaction } from "../storage/database.ts";
import { type ContactView, viewContact } from "./contact-view.ts";
import type { ContactOutcome, UpsertContactInput } from "./plan-contacts.ts";
import type { Caller, Platform } from "./platform.ts";
import { writeContacts } from "./upsert-contacts.ts";

/**
 * Makes a contact or changes it, in one commit. A changed identity is claimed and the old one set free. Throws `identity_taken` when
 * an identity belongs to another contact, also when e-mail or phone name one that has another external id.
 */
export async function upsertContact(
  platform: Platform,
  caller: Caller,
  input: UpsertContactInput,
): Promise<{ contact: ContactView; created: boolean }> {
  return writeContacts(platform, caller, {
    inputs: [input],
    refuse(outcomes) {
      for (const outcome of outcomes) if (outcome.status === "refused") throw outcome.error;
    },
    read: async (sql, [outcome]) => view(sql, caller.workspaceId, outcome),
  });
}

async function view(sql: Transaction, workspaceId: string, outcome: ContactOutcome | undefined) {
  if (!outcome || outcome.status === "refused") throw new Error("A contact has no outcome.");
  const stored = await findContact(sql, { workspaceId, id: outcome.contactId });
  if (!stored) throw new Error(`The contact ${outcome.contactId} is gone within its own transaction.`);
  return { contact: await viewContact(sql, stored), created: outcome.status === "created" };
}
