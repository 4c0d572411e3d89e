import { finished } from "node:stream/promises";
import type { Sql } from "../../src/storage/database.ts";
import type { LoadQuestion } from "./load.ts";

const rowsPerCopy = 10_000;

/** Makes a table like `event`, with its keys and indexes, and nothing that writes to it but `copyEvents`. */
export async function makeCopyTable(sql: Sql): Promise<void> {
  await sql`create table bare_event (like event including defaults including constraints)`;
  await sql`alter table bare_event add primary key (lane, contact_id, id)`;
  await sql`create index on bare_event (workspace_id, id)`;
}

/** Copies the rows of events, made beforehand, for `seconds`, a commit for every 10,000. Returns rows a second. */
export async function copyEvents(
  sql: Sql,
  { seconds, round, event, contacts }: Pick<LoadQuestion, "event" | "contacts"> & { seconds: number; round: number },
): Promise<number> {
  let rows = 0;
  let spentMs = 0;
  for (let part = 0; spentMs < seconds * 1000; part += 1) {
    const text = copyText({ event, contacts, from: (round * 1000 + part) * rowsPerCopy });
    const startedAt = performance.now();
    const stream =
      await sql`copy bare_event (lane, contact_id, id, workspace_id, name, payload, occurred_at, accepted_at, source, client, queued) from stdin`.writable();
    stream.end(text);
    await finished(stream);
    spentMs += performance.now() - startedAt;
    rows += rowsPerCopy;
  }
  return (rows * 1000) / spentMs;
}

function copyText({ event, contacts, from }: { event: string; contacts: number; from: number }): string {
  const at = new Date();
  const prefix = at.getTime().toString(16).padStart(12, "0");
  const rows = Array.from({ length: rowsPerCopy }, (_, index) => {
    const number = from + index;
    const contact = (number * 7919) % contacts;
    const lane = contact % 64;
    const id = uuid(prefix, number, lane);
    const payload = `{"orderId":"o-${number}","total":${number % 100},"currency":"EUR","items":[{"sku":"A-${number % 50}","count":2}]}`;
    const time = at.toISOString();
    return [
      lane,
      uuid("000000000001", contact, lane),
      id,
      uuid("000000000000", 1, 0),
      event,
      payload,
      time,
      time,
      "api",
      '{"key":"bench"}',
      "f",
    ].join("\t");
  });
  return `${rows.join("\n")}\n`;
}

/** A version 7 UUID with its parts given, so that keys come in the order in which the program makes them. */
function uuid(prefix: string, number: number, lane: number): string {
  const tail = number.toString(16).padStart(13, "0");
  const last = lane.toString(16).padStart(2, "0");
  return `${prefix.slice(0, 8)}-${prefix.slice(8)}-7000-8${tail.slice(0, 3)}-${tail.slice(3)}${last}`;
}
