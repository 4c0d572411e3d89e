import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { entryKinds } from "../steps/index.ts";
import { type AgreementWorld, lived, openAgreement, simulated } from "../testing/agreement.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { randomCaps, randomDefinition, randomEntryKinds, randomStory } from "../testing/random-stories.ts";

let database: TestDatabase;
let world: AgreementWorld;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await openAgreement(database.sql);
});

afterAll(async () => {
  await world.stop();
  await database.drop();
});

test("the simulator and the engine tell the same of random flows and what happens at random", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(randomDefinition, randomCaps, randomStory, async (definition, caps, story) => {
      count += 1;
      const one = { definition, caps, story, count };
      const { told, about } = await lived(world, one);
      expect(simulated(world, one, about)).toEqual(told);
      expect(world.engine.errors).toEqual([]);
    }),
    { numRuns: Number(process.env["AGREEMENT_RUNS"] ?? 12), endOnFailure: true },
  );
}, 600_000);

test("random flows start by every kind of entry but those with an address of their own", () => {
  const missing = Object.keys(entryKinds).filter((kind) => !randomEntryKinds.includes(kind));
  expect(missing).toEqual(["incoming-call"]);
});
