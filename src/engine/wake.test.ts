import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Alarms, createAlarms } from "./wake.ts";

const start = Date.parse("2026-03-01T10:00:00Z");
let skewMs: number;
let rung: number[][];
let alarms: Alarms;

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  skewMs = 0;
  rung = [];
  alarms = createAlarms(
    () => new Date(Date.now() + skewMs),
    (lanes) => rung.push(lanes),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

const at = (ms: number) => new Date(start + ms);

test("rings once for each lane, at its instant and not before", () => {
  alarms.set(1, at(100));
  alarms.set(2, at(50));
  alarms.set(3, at(100));
  vi.advanceTimersByTime(49);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual([[2]]);
  vi.advanceTimersByTime(1000);
  expect(rung).toEqual([[2], [1, 3]]);
});

test("an alarm can be moved and cleared", () => {
  alarms.set(1, at(100));
  alarms.set(1, at(300));
  alarms.set(2, at(200));
  alarms.set(2, null);
  vi.advanceTimersByTime(299);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(rung).toEqual([[1]]);
});

test("an instant in the past rings at once", () => {
  alarms.set(1, at(-5000));
  vi.advanceTimersByTime(0);
  expect(rung).toEqual([[1]]);
});

test("an instant further away than a timer can count is not rung early", () => {
  const century = 100 * 365 * 86_400_000;
  alarms.set(1, at(century));
  vi.advanceTimersByTime(2_147_483_647 * 3);
  expect(rung).toEqual([]);
  vi.advanceTimersByTime(century);
  expect(rung).toEqual([[1]]);
});

test("a clock that jumps back makes it wait on, and one that jumps forward rings no later than was set", () => {
  alarms.set(1, at(1000));
  skewMs = -60_000;
  vi.advanceTimersByTime(1000);
  expect(rung).toEqual([]);
  skewMs = 3_600_000;
  vi.advanceTimersByTime(60_000);
  expect(rung).toEqual([[1]]);
});

test("a lane may be set again from within the ring", () => {
  const times: number[] = [];
  const again = createAlarms(
    () => new Date(),
    () => {
      times.push(Date.now() - start);
      if (times.length < 3) again.set(1, new Date(Date.now() + 10));
    },
  );
  again.set(1, at(10));
  vi.advanceTimersByTime(1000);
  expect(times).toEqual([10, 20, 30]);
});

test("nothing rings after the close, and no timer is left", () => {
  alarms.set(1, at(10));
  alarms.close();
  expect(vi.getTimerCount()).toBe(0);
});
