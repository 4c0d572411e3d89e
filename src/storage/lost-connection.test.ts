import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { isOutage } from "./data-fault.ts";
import { closeDatabase, connect, type Sql } from "./database.ts";

let database: TestDatabase;
let sql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = connect(database.url, { max: 3, applicationName: "victim" });
});

afterAll(async () => {
  await closeDatabase(sql);
  await database.drop();
});

/** Ends the server's side of a connection and waits until it is gone. */
async function kill(pid: number): Promise<void> {
  await database.sql`select pg_terminate_backend(${pid}, 5000)`;
}

async function pidOf(tx: Pick<Sql, "unsafe">): Promise<number> {
  const [row] = await tx.unsafe("select pg_backend_pid() as pid");
  return row?.["pid"] as number;
}

test.each([0, 1, 2])(
  "a transaction whose connection is ended by the server rejects, and the process lives (%i queries later)",
  async (queries) => {
    const tried = sql.begin(async (tx) => {
      await kill(await pidOf(tx));
      for (let query = 0; query < queries; query += 1) await tx`select ${query}::int`.catch(() => undefined);
      return tx`select ${7}::int as seven`;
    });
    await expect(tried).rejects.toSatisfy(isOutage);
  },
);

test("after connections were ended again and again, all of the pool works as before", async () => {
  for (let round = 0; round < 30; round += 1) {
    const tried = Array.from({ length: 3 }, (_, index) =>
      sql.begin(async (tx) => {
        const pid = await pidOf(tx);
        const killed = kill(pid);
        if (index > 0) await killed;
        await Promise.all([
          tx`select ${index}::int`,
          tx`select pg_sleep(0.001)`,
          tx`select ${"x".repeat(index * 900)}::text`,
        ]);
        await killed;
        return tx`select 1`;
      }),
    );
    for (const { status } of await Promise.allSettled(tried)) expect(status).toBe("rejected");
  }
  const pids = await Promise.all(
    [1, 2, 3].map(() =>
      sql.begin(async (tx) => {
        await tx`select pg_sleep(0.05)`;
        return pidOf(tx);
      }),
    ),
  );
  expect(new Set(pids).size).toBe(3);
}, 15_000);
