import { expect, test } from "vitest";
import { createHostGate } from "./host-gate.ts";

test("lets up to the limit in at once", () => {
  const gate = createHostGate({ maxActive: 2, maxQueued: 0, maxWaitMs: 1000 });
  expect([gate.enter("a"), gate.enter("a"), gate.enter("a")]).toEqual([true, true, false]);
});

test("counts each host apart", () => {
  const gate = createHostGate({ maxActive: 1, maxQueued: 0, maxWaitMs: 1000 });
  expect([gate.enter("a"), gate.enter("b"), gate.enter("a")]).toEqual([true, true, false]);
});

test("a place that is given back can be taken again", () => {
  const gate = createHostGate({ maxActive: 1, maxQueued: 0, maxWaitMs: 1000 });
  void gate.enter("a");
  gate.leave("a");
  expect(gate.enter("a")).toBe(true);
});

test("those who wait go in in order", async () => {
  const gate = createHostGate({ maxActive: 1, maxQueued: 5, maxWaitMs: 60_000 });
  void gate.enter("a");
  const order: string[] = [];
  const waits = ["first", "second", "third"].map(async (name) => {
    await gate.enter("a");
    order.push(name);
    gate.leave("a");
  });
  gate.leave("a");
  await Promise.all(waits);
  expect(order).toEqual(["first", "second", "third"]);
});

test("no more wait than the queue holds", async () => {
  const gate = createHostGate({ maxActive: 1, maxQueued: 1, maxWaitMs: 60_000 });
  void gate.enter("a");
  const waiting = gate.enter("a");
  expect(gate.enter("a")).toBe(false);
  gate.leave("a");
  expect(await waiting).toBe(true);
});

test("who waits too long is sent away and takes no place", async () => {
  const gate = createHostGate({ maxActive: 1, maxQueued: 5, maxWaitMs: 1 });
  void gate.enter("a");
  expect(await gate.enter("a")).toBe(false);
  gate.leave("a");
  expect(gate.enter("a")).toBe(true);
});

test("giving back to an unknown host changes nothing", () => {
  const gate = createHostGate({ maxActive: 1, maxQueued: 0, maxWaitMs: 1 });
  gate.leave("a");
  expect([gate.enter("a"), gate.enter("a")]).toEqual([true, false]);
});
