import { readFileSync } from "node:fs";
import type { Sql } from "../../src/storage/database.ts";
import type { SunkMail } from "../../src/testing/fast-smtp-sink.ts";
import type { SentEvent } from "./load.ts";

export type Findings = { lost: string[]; duplicated: string[]; misplaced: string[]; unknown: number };

type RunRow = {
  id: string;
  eventId: string;
  status: string;
  step: string | null;
  reason: string | null;
  visit: number;
};
type MessageRow = { id: string; runId: string; step: string; visit: number; status: string; wasUnknown: boolean };

export type CheckInput = {
  sql: Sql;
  round: number;
  acknowledged: ReadonlyMap<string, SentEvent>;
  /** The files that the sink and the HTTP target have written. */
  mailFile: string;
  callFile: string;
};

/** Holds what is in the database, at the SMTP server and at the HTTP target against what was acknowledged. */
export async function checkRound({ sql, round, acknowledged, mailFile, callFile }: CheckInput): Promise<Findings> {
  const findings: Findings = { lost: [], duplicated: [], misplaced: [], unknown: 0 };
  const events = await sql<{ id: string; key: string }[]>`
    select id, payload->>'key' as key from event where name like 'crash.%' and starts_with(payload->>'key', ${`r${round}-`})`;
  const ids = events.map(({ id }) => id);
  const runs = await sql<RunRow[]>`
    select id, event_id as "eventId", status, step, reason, visit from run where event_id = any(${ids}::uuid[])`;
  const messages = await sql<MessageRow[]>`
    select m.id, m.run_id as "runId", m.step, m.visit, m.status,
           exists (select from message_event e where e.lane = m.lane and e.message_id = m.id and e.type = 'unknown') as "wasUnknown"
      from message m where m.run_id = any(${runs.map(({ id }) => id)}::uuid[])`;
  checkEvents(findings, events, acknowledged);
  checkRuns(findings, runs, acknowledged);
  checkMessages(findings, { messages, runs, acknowledged });
  checkMails(findings, messages, mailsOf(mailFile, round));
  checkCalls(findings, runs, readFileSync(callFile, "utf8"));
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

/** Every acknowledged event has started one run, which ended where it should. */
function checkRuns(findings: Findings, runs: RunRow[], acknowledged: ReadonlyMap<string, SentEvent>): void {
  const byEvent = groupBy(runs, ({ eventId }) => eventId);
  for (const [id, { key, number }] of acknowledged) {
    const started = byEvent.get(id) ?? [];
    if (started.length === 0) findings.lost.push(`event ${key} (${id}) has started no run`);
    if (started.length > 1)
      findings.duplicated.push(
        `event ${key} has started ${started.length} runs: ${started.map((run) => run.id).join(", ")}`,
      );
    const wanted = number % 2 === 1 ? "mailed" : "plain";
    for (const run of started) {
      if (run.status === "completed" && run.step === wanted) continue;
      findings.misplaced.push(
        `run ${run.id} of event ${key} is ${run.status} at ${run.step} (${run.reason ?? "no reason"}), not completed at ${wanted}`,
      );
    }
  }
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
  const mailing = new Set(messages.map(({ runId }) => runId));
  for (const { id, eventId } of runs) {
    const isMailing = (acknowledged.get(eventId)?.number ?? 0) % 2 === 1;
    if (isMailing && !mailing.has(id)) findings.lost.push(`run ${id} has made no message`);
  }
  for (const { id, status } of messages)
    if (status !== "sent" && status !== "unknown") findings.misplaced.push(`message ${id} is ${status}`);
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

/** Every run has called with its own key, however often, and with no other. */
function checkCalls(findings: Findings, runs: RunRow[], calls: string): void {
  const byRun = groupBy([...new Set(calls.split("\n"))], (key) => key.split(":")[0] ?? "");
  for (const { id } of runs) {
    const keys = byRun.get(id) ?? [];
    if (keys.length === 0) findings.lost.push(`run ${id} has made no HTTP call`);
    if (keys.length > 1) findings.duplicated.push(`run ${id} has called under ${keys.length} keys: ${keys.join(", ")}`);
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
