import { readFileSync } from "node:fs";
import type { Sql } from "../../src/storage/database.ts";
import type { SunkMail } from "../../src/testing/fast-smtp-sink.ts";
import { type SentEvent, variantOf } from "./load.ts";
import type { Ending } from "./story.ts";

export type Findings = { lost: string[]; duplicated: string[]; misplaced: string[]; unknown: number };

type RunRow = {
  id: string;
  eventId: string;
  status: string;
  step: string | null;
  reason: string | null;
  version: number;
  /** Of what was waited for and came. */
  awaitedKey: string | null;
};
type MessageRow = { id: string; runId: string; step: string; visit: number; status: string; wasUnknown: boolean };

export type CheckInput = {
  sql: Sql;
  round: number;
  acknowledged: ReadonlyMap<string, SentEvent>;
  /** The version in which runs of each event's flow must end. */
  versions: ReadonlyMap<string, number>;
  /** The files that the sink and the HTTP target have written. */
  mailFile: string;
  callFile: string;
};

/** Holds what is in the database, at the SMTP server and at the HTTP target against what was acknowledged. */
export async function checkRound(input: CheckInput): Promise<Findings> {
  const { sql, round, acknowledged, mailFile, callFile } = input;
  const findings: Findings = { lost: [], duplicated: [], misplaced: [], unknown: 0 };
  const events = await sql<{ id: string; key: string }[]>`
    select id, payload->>'key' as key from event where name like 'crash.%' and starts_with(payload->>'key', ${`r${round}-`})`;
  const ids = events.map(({ id }) => id);
  const runs = await sql<RunRow[]>`
    select id, event_id as "eventId", status, step, reason, version, steps->'paying'->'payload'->>'story' as "awaitedKey"
      from run where event_id = any(${ids}::uuid[])`;
  const messages = await sql<MessageRow[]>`
    select m.id, m.run_id as "runId", m.step, m.visit, m.status,
           exists (select from message_event e where e.lane = m.lane and e.message_id = m.id and e.type = 'unknown') as "wasUnknown"
      from message m where m.run_id = any(${runs.map(({ id }) => id)}::uuid[])`;
  checkEvents(findings, events, acknowledged);
  checkRuns(findings, runs, input);
  checkMessages(findings, { messages, runs, acknowledged });
  checkMails(findings, messages, mailsOf(mailFile, round));
  checkCalls(findings, { runs, acknowledged, calls: readFileSync(callFile, "utf8") });
  findings.unknown = messages.filter(({ wasUnknown }) => wasUnknown).length;
  return findings;
}

/** Every acknowledged event is there once, and nothing is there twice. */
function checkEvents(
  findings: Findings,
  events: { id: string; key: string }[],
  acknowledged: ReadonlyMap<string, SentEvent>,
): void {
  const stored = new Set(events.map(({ id }) => id));
  for (const [id, { key }] of acknowledged)
    if (!stored.has(id)) findings.lost.push(`event ${key} (${id}) was acknowledged and is not stored`);
  for (const [key, group] of groupBy(events, ({ key: name }) => name))
    if (group.length > 1)
      findings.duplicated.push(`event ${key} is stored ${group.length} times: ${group.map(({ id }) => id).join(", ")}`);
}

/** Every acknowledged event that starts a run has started one, which ended where it should; the others have started none. */
function checkRuns(findings: Findings, runs: RunRow[], { acknowledged, versions }: CheckInput): void {
  const byEvent = groupBy(runs, ({ eventId }) => eventId);
  for (const [id, event] of acknowledged) {
    const started = byEvent.get(id) ?? [];
    if (event.isFirst && started.length === 0) findings.lost.push(`event ${event.key} (${id}) has started no run`);
    if (started.length > (event.isFirst ? 1 : 0))
      findings.duplicated.push(
        `event ${event.key} has started ${started.length} runs: ${started.map((run) => run.id).join(", ")}`,
      );
    for (const run of started) checkEnd(findings, run, { event, version: versions.get(event.name) });
  }
}

function checkEnd(
  findings: Findings,
  run: RunRow,
  { event, version }: { event: SentEvent; version: number | undefined },
): void {
  const { status, step } = endingOf(event);
  if (run.status !== status || run.step !== step || run.version !== version)
    findings.misplaced.push(
      `run ${run.id} of ${event.name} ${event.key} is ${run.status} at ${run.step} of version ${run.version} (${run.reason ?? "no reason"}), not ${status} at ${step} of ${version}`,
    );
  if (run.awaitedKey !== null && run.awaitedKey !== event.key)
    findings.misplaced.push(`run ${run.id} of ${event.key} has taken what came for ${run.awaitedKey}`);
}

function endingOf(event: SentEvent): Ending {
  return event.story.ending(variantOf(event));
}

/** One message for each run that mails, in an end that says what became of it. */
function checkMessages(
  findings: Findings,
  {
    messages,
    runs,
    acknowledged,
  }: { messages: MessageRow[]; runs: RunRow[]; acknowledged: ReadonlyMap<string, SentEvent> },
): void {
  const byKey = groupBy(messages, ({ runId, step, visit }) => `${runId}:${step}:${visit}`);
  for (const [key, group] of byKey)
    if (group.length > 1) findings.duplicated.push(`${key} has ${group.length} messages`);
  const byRun = groupBy(messages, ({ runId }) => runId);
  for (const { id, eventId } of runs) {
    const event = acknowledged.get(eventId);
    if (event)
      compareCount(findings, {
        what: `messages of run ${id}`,
        is: byRun.get(id)?.length ?? 0,
        wanted: endingOf(event).mails,
      });
  }
  for (const { id, status } of messages)
    if (status !== "sent" && status !== "unknown") findings.misplaced.push(`message ${id} is ${status}`);
}

function compareCount(findings: Findings, { what, is, wanted }: { what: string; is: number; wanted: number }): void {
  if (is < wanted) findings.lost.push(`${what}: ${is}, not ${wanted}`);
  if (is > wanted) findings.duplicated.push(`${what}: ${is}, not ${wanted}`);
}

/** What is called sent has arrived; what has arrived twice is known to be open. */
function checkMails(findings: Findings, messages: MessageRow[], mails: ReadonlyMap<string, number>): void {
  for (const { id, status, wasUnknown } of messages) {
    const arrived = mails.get(id) ?? 0;
    if (status === "sent" && arrived === 0) findings.lost.push(`message ${id} is sent, and has not arrived`);
    if (arrived > 1 && !wasUnknown) findings.duplicated.push(`message ${id} has arrived ${arrived} times`);
  }
  const known = new Set(messages.map(({ id }) => id));
  for (const id of mails.keys())
    if (!known.has(id)) findings.duplicated.push(`a mail has arrived that no message knows: ${id}`);
}

/** Every run that calls has called with its own key, however often, and with no other. */
function checkCalls(
  findings: Findings,
  { runs, acknowledged, calls }: { runs: RunRow[]; acknowledged: ReadonlyMap<string, SentEvent>; calls: string },
): void {
  const byRun = groupBy([...new Set(calls.split("\n"))], (key) => key.split(":")[0] ?? "");
  for (const { id, eventId } of runs) {
    const event = acknowledged.get(eventId);
    const keys = byRun.get(id) ?? [];
    if (event)
      compareCount(findings, {
        what: `keys that run ${id} has called under (${keys.join(", ")})`,
        is: keys.length,
        wanted: endingOf(event).calls,
      });
  }
}

/** How often each message of the round has arrived, by its id, which is the left part of the Message-ID. */
function mailsOf(file: string, round: number): Map<string, number> {
  const mails = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue;
    const { messageId, to } = JSON.parse(line) as SunkMail;
    if (!to.includes(`.r${round}@`)) continue;
    const id = messageId.replace(/^<|@.*$/g, "");
    mails.set(id, (mails.get(id) ?? 0) + 1);
  }
  return mails;
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
