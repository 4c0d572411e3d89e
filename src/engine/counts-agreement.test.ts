import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AgreementWorld, lived, openAgreement, placed } from "../testing/agreement.ts";
import { expectCountsOfTrail } from "../testing/counts-by-trail.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { randomDefinition, randomStory } from "../testing/random-stories.ts";

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

const story = randomStory.map((all) => all.filter(({ kind }) => kind !== "start"));

test("the counts of steps by version are what runs and trails come to, whatever happens", async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(randomDefinition, randomDefinition, story, async (definition, second, happenings) => {
      count += 1;
      const one = { definition, caps: [], story: happenings, count };
      await lived(world, one, {
        midway: ({ flowId, start }) => world.engine.publishNext(flowId, placed(world, second, start)),
        atEnd: ({ flowId }) => expectCountsOfTrail(world.platform, flowId),
      });
      expect(world.engine.errors).toEqual([]);
    }),
    { numRuns: Number(process.env["AGREEMENT_RUNS"] ?? 10), endOnFailure: true },
  );
}, 600_000);
