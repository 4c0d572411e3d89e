import { AppError } from "../core/errors.ts";
import { laneOf } from "../core/id.ts";
import { identitiesOf, removeContact } from "../storage/contact-changes.ts";
import { lockContact } from "../storage/contact-reads.ts";
import { releaseIdentities } from "../storage/identities.ts";
import { lockLane } from "../storage/lanes.ts";
import { stopContactEffects } from "../storage/outbox-changes.ts";
import { loadLiveRuns } from "../storage/runs.ts";
import { cancelRuns } from "./end-runs.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { stopMessages } from "./stop-messages.ts";

const reason = "contact_deleted";

/**
 * Takes a contact away, with identities, lists and admissions. Its live runs end as cancelled and what they wanted to send is not sent.
 * Events that still wait for it stay in line: the next pass records that they started nothing, and why.
 */
export async function deleteContact(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<{ id: string }> {
  requireScope(caller, "contacts:write");
  const ref = { workspaceId: caller.workspaceId, id: knownId(id, "contact_not_found") };
  const lane = laneOf(id);
  const now = platform.now();
  await platform.sql.begin(async (sql) => {
    // No pass over the lane runs from here on, so no run of the contact moves.
    await lockLane(sql, lane);
    const contact = await lockContact(sql, ref);
    if (!contact) throw new AppError("contact_not_found");
    const stopped = await stopContactEffects(sql, { lane, contactId: id });
    await cancelRuns(sql, await loadLiveRuns(sql, [{ lane, id }]), { reason, now });
    await stopMessages(sql, { contactId: id, ids: stopped.map(({ messageId }) => messageId), reason, now });
    await releaseIdentities(sql, identitiesOf(contact));
    await removeContact(sql, { lane, id });
  });
  platform.signal([lane]);
  return { id };
}
