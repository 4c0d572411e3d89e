import fc from "fast-check";
import { expect, test } from "vitest";
import { isUuid, laneCount, laneOf, laneOfValue, withLane } from "./id.ts";

const id = fc.uuid();
const lane = fc.nat(laneCount - 1);

test("the lane of an id is its last byte, of which the low six bits count", () => {
  fc.assert(fc.property(id, (one) => laneOf(one) === Number.parseInt(one.slice(-2), 16) % laneCount));
});

test("an id is given a lane by those bits, and stays the same in all others", () => {
  fc.assert(
    fc.property(id, lane, (one, to) => {
      const moved = withLane(one, to);
      expect(isUuid(moved)).toBe(true);
      expect(laneOf(moved)).toBe(to);
      expect(withLane(moved, laneOf(one))).toBe(one);
      expect(moved.slice(0, -2)).toBe(one.slice(0, -2));
    }),
  );
});

test("values are spread over all lanes, each always into the same", () => {
  const lanes = Array.from({ length: 2000 }, (_, index) => laneOfValue(`contact-${index}@example.com`));
  expect(new Set(lanes).size).toBe(laneCount);
  expect(laneOfValue("a@x.example")).toBe(laneOfValue("a@x.example"));
});

test.each([
  "",
  "0190a000-0000-7000-8000-00000000000",
  "0190A000-0000-7000-8000-00000000000F",
  "0190a000-0000-7000-8000-00000000000g",
])("%j is no id", (text) => {
  expect(isUuid(text)).toBe(false);
});
