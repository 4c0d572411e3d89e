import fc from "fast-check";
import { expect, test } from "vitest";
import { pickByWeight, shareOf } from "./hash.ts";

test("a text has one share, whenever and wherever it is asked for", () => {
  expect(shareOf("contact|flow|step")).toBe(shareOf("contact|flow|step"));
  // Written down: a later program must deal contacts out as this one did.
  expect(shareOf("0190a000-0000-7000-8000-000000000001|flow|step").toFixed(6)).toBe("0.643629");
});

test("shares match the weights, whatever the flow and the step", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 5 });
  fc.assert(
    fc.property(weights, fc.uuid(), fc.string({ maxLength: 20 }), (...[given, flowId, step]) => {
      const total = given.reduce((sum, weight) => sum + weight, 0);
      fc.pre(total > 0);
      const things = given.map((weight, index) => ({ weight, index }));
      const counts = given.map(() => 0);
      const many = 4000;
      for (let n = 0; n < many; n += 1) {
        const contact = `0190a000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
        const { index } = pickByWeight(shareOf(`${contact}|${flowId}|${step}`), things);
        counts[index] = (counts[index] ?? 0) + 1;
      }
      given.forEach((weight, index) => {
        const expected = weight / total;
        // Six standard deviations of a fair draw: a flaw in the mixing shows, chance does not.
        const tolerance = 6 * Math.sqrt((expected * (1 - expected)) / many);
        expect(Math.abs((counts[index] ?? 0) / many - expected)).toBeLessThanOrEqual(tolerance);
      });
    }),
    { numRuns: 40 },
  );
});

test("what one step decides says nothing of what the next one does", () => {
  let both = 0;
  for (let n = 0; n < 10_000; n += 1)
    if (shareOf(`contact-${n}|flow|first`) < 0.5 && shareOf(`contact-${n}|flow|second`) < 0.5) both += 1;
  expect(both / 10_000).toBeCloseTo(0.25, 1);
});

test("no share falls on a weight of zero", () => {
  const things = [{ weight: 0 }, { weight: 3, name: "a" }, { weight: 0 }];
  for (const share of [0, 0.5, 0.999999999]) expect(pickByWeight(share, things)).toMatchObject({ name: "a" });
  expect(() => pickByWeight(0.5, [{ weight: 0 }])).toThrow("weight");
});
