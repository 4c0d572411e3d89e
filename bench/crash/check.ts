import { readFileSync } from "node:fs";
import type { Sql } from "../../src/storage/database.ts";
import { checkCalls, checkMails, mailsOf } from "./check-outside.ts";
import { compareCount, endingOf, type Findings, groupBy, type MessageRow, type RunRow } from "./findings.ts";
import type { SentEvent } from "./load.ts";

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
  findings.duplicated.push(...(await doubleSteps(sql, runs)));
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

/** The visits that runs have left more than once, by their trails. */
async function doubleSteps(sql: Sql, runs: readonly RunRow[]): Promise<string[]> {
  const rows = await sql<{ runId: string; visit: string; step: string }[]>`
    select t.run_id as "runId", e.entry->>'visit' as visit, min(e.entry->>'step') as step
      from trail t cross join lateral json_array_elements(t.entries) as e(entry)
     where t.run_id = any(${runs.map(({ id }) => id)}::uuid[]) and e.entry->>'outcome' in ('went', 'ended')
     group by 1, 2 having count(*) > 1`;
  return rows.map(({ runId, visit, step }) => `run ${runId} has left ${step} (visit ${visit}) more than once`);
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
