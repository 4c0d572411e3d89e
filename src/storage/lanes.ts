import type { Transaction } from "./database.ts";

/**
 * Locks those of `lanes` that no other pass holds, until the transaction ends, and returns them.
 * Whoever holds a lane is alone with its contacts, runs and answers: that is what keeps the order per contact.
 */
export async function lockLanes(sql: Transaction, lanes: readonly number[]): Promise<number[]> {
  const rows = await sql<{ lane: number }[]>`
    select lane from lane where lane = any(${[...lanes]}::smallint[]) order by lane for update skip locked`;
  return rows.map((row) => row.lane);
}

/** Locks one lane and waits for it: for changes from outside a pass, such as cancelling a run. */
export async function lockLane(sql: Transaction, lane: number): Promise<void> {
  await sql`select lane from lane where lane = ${lane} for update`;
}

/** The same for several, in the one order in which everybody locks them. */
export async function holdLanes(sql: Transaction, lanes: readonly number[]): Promise<void> {
  await sql`select lane from lane where lane = any(${[...lanes]}::smallint[]) order by lane for update`;
}
