import { expect, test } from "vitest";
import { type Priority, priorities } from "../../core/flow/priority.ts";
import { createRateLimit } from "./rate-limit.ts";

const { high, normal, low } = priorities;

test("without a rate there is nothing to wait for", () => {
  const place = createRateLimit(undefined, () => 0);
  expect([place(normal), place(normal)]).toEqual([undefined, undefined]);
});

test("the first goes at once, the next waits, and a pause earns no burst", async () => {
  let now = 0;
  const place = createRateLimit(1_000, () => now);
  expect(place(normal)).toBeUndefined();
  const second = place(normal);
  expect(second).toBeInstanceOf(Promise);
  await second;
  now = 10_000;
  expect(place(normal)).toBeUndefined();
  expect(place(normal)).toBeInstanceOf(Promise);
});

test("who waits for a place goes by priority, and then by who came first", async () => {
  const place = createRateLimit(200, () => performance.now());
  const order: string[] = [];
  const come = async (name: string, priority: Priority) => {
    await place(priority);
    order.push(name);
  };
  await Promise.all([
    come("first", low),
    come("low", low),
    come("normal", normal),
    come("high", high),
    come("late", normal),
  ]);
  expect(order).toEqual(["first", "high", "normal", "late", "low"]);
});
