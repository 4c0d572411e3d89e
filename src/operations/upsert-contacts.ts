import { readContactChange } from "../core/contact-change.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { isConflict } from "../storage/conflicts.ts";
import { saveContacts } from "../storage/contact-changes.ts";
import { insertContacts } from "../storage/contacts.ts";
import type { Sql, Transaction } from "../storage/database.ts";
import { claimIdentities, moveIdentities, releaseIdentities } from "../storage/identities.ts";
import { setMemberships } from "../storage/memberships.ts";
import { holdForContacts } from "./hold-contacts.ts";
import { newId } from "./new-id.ts";
import { type ContactOutcome, type ContactPlan, planContacts, type UpsertContactInput } from "./plan-contacts.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { tellAllChanges } from "./tell-changes.ts";
import { Overtaken, overtakenTooOften } from "./write-events.ts";

/** So many contacts are made or changed in one commit. */
export const maxContactsAtOnce = 1000;

/** What it takes to write contacts. */
export type ContactWriter = Pick<Platform, "sql" | "flows" | "now" | "signal">;

export type ContactResult =
  | { status: "created" | "updated" | "unchanged"; contactId: string }
  | { status: "refused"; issues: Issue[] };

/**
 * Makes or changes up to 1,000 contacts in one commit, as `upsertContact` would one after the other: a contact that is named twice is
 * changed twice. With `partial` a broken one is refused alone; without, it refuses all: `invalid_request` then names every issue.
 */
export async function upsertContacts(
  platform: ContactWriter,
  caller: Caller,
  { contacts, partial = false }: { contacts: readonly UpsertContactInput[]; partial?: boolean },
): Promise<{ results: ContactResult[] }> {
  if (contacts.length > maxContactsAtOnce) {
    const message = `must have at most ${maxContactsAtOnce} items; these are ${contacts.length}`;
    throw new AppError("invalid_request", undefined, { issues: [{ path: "contacts", message }] });
  }
  const refuse = (outcomes: readonly ContactOutcome[]) => {
    const issues = outcomes.flatMap((outcome, index) => issuesOf(outcome, index));
    if (!partial && issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  };
  const toResult = (outcome: ContactOutcome, index: number): ContactResult =>
    outcome.status === "refused" ? { status: "refused", issues: issuesOf(outcome, index) } : outcome;
  const read = async (_sql: Transaction, outcomes: readonly ContactOutcome[]) => outcomes.map(toResult);
  return { results: await writeContacts(platform, caller, { inputs: contacts, refuse, read }) };
}

function issuesOf(outcome: ContactOutcome, index: number): Issue[] {
  if (outcome.status !== "refused") return [];
  const { code, message, issues, detail } = outcome.error;
  const at = `contacts[${index}]`;
  if (issues.length > 0)
    return issues.map((issue) => ({ ...issue, path: issue.path === "" ? at : `${at}.${issue.path}` }));
  const fields = { identity_taken: String(detail["kind"]), list_not_found: "lists", contact_not_found: "id" };
  return [{ path: `${at}.${fields[code as keyof typeof fields]}`, message }];
}

type Writing<Result> = {
  inputs: readonly UpsertContactInput[];
  /** Throws where the outcomes are not to be written. */
  refuse: (outcomes: readonly ContactOutcome[]) => void;
  /** What is read of them before the commit. */
  read: (sql: Transaction, outcomes: readonly ContactOutcome[]) => Promise<Result>;
};

/** Makes or changes contacts in one commit, and tells flows of it. */
export async function writeContacts<Result>(
  platform: ContactWriter,
  caller: Caller,
  { inputs, refuse, read }: Writing<Result>,
): Promise<Result> {
  requireScope(caller, "contacts:write");
  const { workspaceId } = caller;
  const { flows } = platform;
  const wishes = inputs.map((input) => ({
    input,
    change: readContactChange(input, { required: input.id === undefined }),
  }));
  const { result, lanes } = await retryOvertaken(platform.sql, async (sql) => {
    const [known] = await Promise.all([holdForContacts(sql, workspaceId, wishes), flows.refresh(sql)]);
    const now = platform.now();
    const plan = planContacts(wishes, known, { workspaceId, now, newContactId: newId });
    refuse(plan.outcomes);
    await writePlan(sql, plan, now);
    const lanes = await tellAllChanges(sql, plan.writes, { flows, now });
    return { result: await read(sql, plan.outcomes), lanes };
  });
  if (lanes.length > 0) platform.signal(lanes);
  return result;
}

/** Runs `act` in a transaction, and again when another writer took an identity between its look and its write. */
async function retryOvertaken<Result>(sql: Sql, act: (sql: Transaction) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await sql.begin(act)) as Result;
    } catch (error) {
      if (!(error instanceof Overtaken || isConflict(error))) throw error;
      if (attempt === 10) throw overtakenTooOften(error);
    }
  }
}

/** Contacts are locked already; identities that are free are claimed, those of the locked contacts then change hands. */
async function writePlan(sql: Transaction, plan: ContactPlan, now: Date): Promise<void> {
  const { created, changed, claimed, moved, released, memberships } = plan;
  const [given] = await Promise.all([
    claimed.length === 0 ? [] : claimIdentities(sql, claimed),
    moved.length === 0 ? null : moveIdentities(sql, moved),
    released.length === 0 ? null : releaseIdentities(sql, released),
    created.length === 0 ? null : insertContacts(sql, created),
    changed.length === 0 ? null : saveContacts(sql, changed, now),
    memberships.length === 0 ? null : setMemberships(sql, memberships),
  ]);
  if (given.length < claimed.length) throw new Overtaken(false);
}
