import { afterAll, beforeAll, expect, test } from "vitest";
import { laneOf } from "../core/id.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { untilWaiting } from "../testing/until-waiting.ts";
import { createList } from "./lists.ts";
import { removeMembers } from "./remove-members.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});

afterAll(() => database.drop());

/** Two contacts of a list, of which the one with the lower id has the higher lane. */
async function crossed(listId: string): Promise<[lower: string, higher: string]> {
  const ids: string[] = [];
  for (let number = 0; ; number += 1) {
    const email = `m${number}@shop.example`;
    const lists = [{ id: listId, state: "subscribed" as const }];
    const { contact } = await upsertContact(platform, platform.caller, { email, lists });
    const lower = ids.find((id) => laneOf(id) > laneOf(contact.id));
    if (lower) return [lower, contact.id];
    ids.push(contact.id);
  }
}

test("members are taken out in the order in which others join them, so that neither waits for the other for good", async () => {
  const { id: listId } = await createList(platform, platform.caller, { name: "Buyers" });
  const [lower, higher] = await crossed(listId);
  const { sql } = database;
  let removing: Promise<{ removed: number }> | undefined;
  await sql.begin(async (transaction) => {
    await transaction`select from membership where contact_id = ${higher} for update`;
    removing = removeMembers(platform, platform.caller, { contactIds: [lower, higher], listIds: [listId] });
    await untilWaiting(sql, 1);
    // Who joins both has locked the lower one by now, or waits for whoever has.
    expect(await transaction`select from membership where contact_id = ${lower} for update skip locked`).toHaveLength(
      0,
    );
  });
  expect(await removing).toEqual({ removed: 2 });
});
