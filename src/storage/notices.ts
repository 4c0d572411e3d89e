import type { Sql } from "./database.ts";

const channel = "staffetta_work";

/** Sends `text` (under 8,000 bytes) to every process that listens on this database, the sender included. */
export async function sendNotice(sql: Sql, text: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${text})`;
}

/**
 * Calls `onNotice` with every notice from now on, over a connection of its own that is renewed when it breaks. `onListening` is called
 * each time it listens anew: notices of the time between are lost. Resolves, with the way to end it, when it listens first.
 */
export async function listenToNotices(
  sql: Sql,
  { onNotice, onListening }: { onNotice: (text: string) => void; onListening: () => void },
): Promise<() => Promise<void>> {
  const { unlisten } = await sql.listen(channel, onNotice, onListening);
  return unlisten;
}
