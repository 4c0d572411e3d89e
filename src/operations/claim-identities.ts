import type { Contact } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import type { Transaction } from "../storage/database.ts";
import { claimIdentities, findIdentities, releaseIdentities } from "../storage/identities.ts";
import { type Identity, identityRows } from "./resolve-contacts.ts";
import { Overtaken } from "./write-events.ts";

type Move = {
  to: Pick<Contact, "id" | "lane" | "workspaceId">;
  claimed: Identity;
  released: Identity;
  /** When another contact owns one of `claimed`: throw `identity_taken`, or Overtaken for a new look at who is meant. */
  onTaken: "refuse" | "look-again";
};

/** Gives identities to a contact and takes back those it had. The caller has the contact locked, or has just made its id. */
export async function moveIdentities(sql: Transaction, { to, claimed, released, onTaken }: Move): Promise<void> {
  const rows = identityRows(to.workspaceId, claimed).map((row) => ({ ...row, contactLane: to.lane, contactId: to.id }));
  if (rows.length > 0 && (await claimIdentities(sql, rows)).length < rows.length) {
    if (onTaken === "look-again") throw new Overtaken(false);
    const [other] = (await findIdentities(sql, rows)).filter(({ contactId }) => contactId !== to.id);
    if (!other) throw new Overtaken(false);
    throw new AppError("identity_taken", `The ${other.kind} belongs to another contact.`, {
      detail: { kind: other.kind, contactId: other.contactId },
    });
  }
  const old = identityRows(to.workspaceId, released);
  if (old.length > 0) await releaseIdentities(sql, old);
}
