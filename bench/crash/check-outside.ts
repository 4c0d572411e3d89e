import { readFileSync } from "node:fs";
import type { SunkMail } from "../../src/testing/fast-smtp-sink.ts";
import { compareCount, endingOf, type Findings, groupBy, type MessageRow, type RunRow } from "./findings.ts";
import type { SentEvent } from "./load.ts";

/** What is called sent has arrived; what has arrived twice is known to be open. */
export function checkMails(findings: Findings, messages: MessageRow[], mails: ReadonlyMap<string, number>): void {
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
export function checkCalls(
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
export function mailsOf(file: string, round: number): Map<string, number> {
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
