import { expect, test } from "vitest";
import { isUuid, laneCount, laneOf } from "../core/id.ts";
import { newId, newIdInLane } from "./new-id.ts";

test("ids are UUIDs of version 7 that grow", () => {
  const made = Array.from({ length: 5000 }, () => newId());
  expect(made.every((id) => isUuid(id) && id[14] === "7" && /[89ab]/.test(id[19] ?? ""))).toBe(true);
  expect(made).toEqual(made.toSorted());
  expect(new Set(made).size).toBe(made.length);
});

test("an id begins with the millisecond it was made in", () => {
  const before = Date.now();
  const at = Number.parseInt(newId().replaceAll("-", "").slice(0, 12), 16);
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now());
});

test("an id can carry a lane, and grows as others do", () => {
  const lanes = Array.from({ length: 640 }, (_, index) => index % laneCount);
  const made = lanes.map(newIdInLane);
  expect(made.map(laneOf)).toEqual(lanes);
  expect(made.every((id) => isUuid(id) && id[14] === "7" && /[89ab]/.test(id[19] ?? ""))).toBe(true);
  expect(made).toEqual(made.toSorted());
  expect(new Set(made).size).toBe(made.length);
  expect(new Set(made.map((id) => id.at(-2))).size).toBe(16);
});
