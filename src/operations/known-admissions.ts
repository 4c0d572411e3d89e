import { type AdmissionRecord, admissionKey } from "../core/flow/route.ts";
import { type AdmissionKey, findAdmissions } from "../storage/admissions.ts";
import type { Queryable } from "../storage/database.ts";
import { createRecent } from "./recent.ts";

/**
 * Which contacts are known to have entered which flows, under no key. That a contact once entered stays true as long as there is the contact,
 * so nothing of this is ever to be checked again; who is not in here may have entered all the same.
 */
export type KnownAdmissions = {
  /** The known entries of a contact, by `admissionKey`. */
  of(contactId: string): ReadonlyMap<string, AdmissionRecord>;
  /** Has these looked up when enough have gathered twice over: by then the flows have mostly met what is in line now. */
  askFor(keys: readonly AdmissionKey[]): void;
  /** Resolves when nothing is being looked up. */
  idle(): Promise<void>;
};

export type KnownAdmissionsOptions = {
  sql: Queryable;
  /** So many contacts and flows are looked up together, or more where the look before took long. */
  lookAt?: number;
  /** About 600 bytes each with one flow; up to twice as many contacts are kept. */
  maxContacts?: number;
};

/** So many times what is looked up together is remembered while a look is under way. */
const mostAsked = 16;

const none: ReadonlyMap<string, AdmissionRecord> = new Map();

/** Makes an empty memory. */
export function createKnownAdmissions({
  sql,
  lookAt = 256,
  maxContacts = 50_000,
}: KnownAdmissionsOptions): KnownAdmissions {
  const entries = createRecent<Map<string, AdmissionRecord>>(maxContacts);
  let earlier: AdmissionKey[] = [];
  let asked = new Map<string, AdmissionKey>();
  let looking: Promise<void> | null = null;

  async function look(keys: readonly AdmissionKey[]): Promise<void> {
    for (const { contactId, flowId, runId, at } of await findAdmissions(sql, keys)) {
      const own = entries.find(contactId) ?? new Map<string, AdmissionRecord>();
      own.set(admissionKey(flowId, null), { lastAt: at, runId });
      entries.keep(contactId, own);
    }
  }

  return {
    of: (contactId) => entries.find(contactId) ?? none,
    askFor(keys) {
      // The database does not keep up: what is not learnt now is asked for again.
      if (asked.size >= mostAsked * lookAt) return;
      for (const key of keys) asked.set(`${key.contactId}${key.flowId}`, key);
      if (asked.size < lookAt || looking) return;
      const due = earlier;
      earlier = [...asked.values()];
      asked = new Map();
      if (due.length === 0) return;
      // A look that fails leaves things as they are: the flows meet these events.
      looking = look(due)
        .catch(() => undefined)
        .finally(() => {
          looking = null;
        });
    },
    idle: () => looking ?? Promise.resolve(),
  };
}
