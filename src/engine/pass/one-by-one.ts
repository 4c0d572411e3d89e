import { isDataFault } from "../../storage/data-fault.ts";
import { lockLanes } from "../../storage/lanes.ts";
import { takeWork } from "./load.ts";
import { type PassOptions, type PassResult, runPass } from "./pass.ts";

export type OneByOneOptions = PassOptions & {
  /** Asked before a contact is put into quarantine; false leaves it, and its lane, for later. */
  mayQuarantine: () => boolean;
  /** Called with what each small pass did, right after its commit. */
  onResult: (result: PassResult) => void;
  onError: (error: unknown) => void;
};

// Small, so that the trouble is over soon; what is left gets an ordinary pass.
const perLane = 32;

/**
 * Passes over lanes where an ordinary pass failed on its data, contact by contact, so that one bad contact does not block its lane for
 * ever: one whose own pass fails too is put into quarantine. Its runs that were to move end as failed, and that is logged.
 */
export async function passOneByOne(options: OneByOneOptions, lanes: readonly number[]): Promise<PassResult> {
  const done: number[] = [];
  const failed: number[] = [];
  let items = 0;
  for (const lane of lanes) {
    try {
      items += await passOverLane(options, lane);
      done.push(lane);
    } catch (error) {
      options.onError(error);
      failed.push(lane);
    }
  }
  return { lanes: done, busy: done, failed, wakes: new Map(), effects: [], unleased: 0, items };
}

async function passOverLane(options: OneByOneOptions, lane: number): Promise<number> {
  let items = 0;
  for (const contactId of await contactsWithWork(options, lane)) {
    const result = await passOverContact(options, lane, contactId);
    options.onResult(result);
    items += result.items;
  }
  return items;
}

async function passOverContact(options: OneByOneOptions, lane: number, contactId: string): Promise<PassResult> {
  try {
    return await runPass(options, [lane], { contactId, quarantine: false });
  } catch (error) {
    if (!isDataFault(error) || !options.mayQuarantine()) throw error;
    options.onBug(error, { contactId, runIds: [] });
    return runPass(options, [lane], { contactId, quarantine: true });
  }
}

async function contactsWithWork({ sql, flows, now }: OneByOneOptions, lane: number): Promise<Set<string>> {
  return sql.begin(async (transaction) => {
    const held = await lockLanes(transaction, [lane]);
    if (held.length === 0) return new Set();
    const question = { now: now(), perLane, withChecks: flows.hasTimedSegments() };
    const { answers, due, events, checks } = await takeWork(transaction, held, question);
    return new Set([...answers, ...due, ...events, ...checks].map(({ contactId }) => contactId));
  });
}
