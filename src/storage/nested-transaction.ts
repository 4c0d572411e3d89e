import type { Sql, Transaction } from "./database.ts";

/** The open transaction in the shape of the pool: what would begin a transaction of its own gets a savepoint inside this one. */
export function asPool(transaction: Transaction): Sql {
  const query = (...parts: Parameters<Transaction>) => transaction(...parts);
  const begin = (act: (sql: Transaction) => Promise<unknown>) => transaction.savepoint(act);
  return Object.assign(query, transaction, { begin }) as unknown as Sql;
}

/** Waits until no other transaction holds `name`, and holds it until this one ends. */
export async function holdName(sql: Transaction, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
}
