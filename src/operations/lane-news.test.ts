import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLaneNews, type LaneNews } from "./lane-news.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function listen() {
  const told: number[][] = [];
  return { told, news: createLaneNews((lanes) => told.push([...lanes])) };
}

/** A batch of so many events, after so much time. */
function batch(news: LaneNews, lane: number, { events = 1, afterMs = 1 } = {}): void {
  vi.advanceTimersByTime(afterMs);
  news.add([lane], events);
  news.tell(Date.now());
}

test("tells at once what came alone, and nothing when nothing came", () => {
  const { told, news } = listen();
  for (const lane of [7, 7, 8]) {
    batch(news, lane);
    news.tell(Date.now());
  }
  vi.runAllTimers();
  expect(told).toEqual([[7], [7], [8]]);
});

test("what comes no faster than one event in a millisecond is told at once for ever", () => {
  const { told, news } = listen();
  for (let count = 0; count < 1000; count += 1) batch(news, 1, { events: 20, afterMs: 20 });
  expect(told).toHaveLength(1000);
  expect(vi.getTimerCount()).toBe(0);
});

/** Events as fast as they make a flood, of lane 1. */
function flood(news: LaneNews): void {
  batch(news, 1);
  batch(news, 1, { events: 1000 });
}

test("holds the news of a flood back, and tells each lane once, at most 200 ms later", () => {
  const { told, news } = listen();
  flood(news);
  for (const lane of [2, 1, 2, 3]) batch(news, lane, { events: 30, afterMs: 10 });
  vi.advanceTimersByTime(159);
  expect(told).toEqual([[1], [1]]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual([[1], [1], [2, 1, 3]]);
});

test("in a flood that goes on, the news are told five times a second", () => {
  const { told, news } = listen();
  for (let count = 0; count < 1000; count += 1) batch(news, count % 64, { events: 30, afterMs: 10 });
  vi.runAllTimers();
  // The first quarter of a second is none yet, and tells of each batch.
  expect(told.length).toBeGreaterThan(70);
  expect(told.length).toBeLessThan(80);
  expect(new Set(told.flat()).size).toBe(64);
});

test("a second after the longest flood, news are told at once again", () => {
  const { told, news } = listen();
  for (let count = 0; count < 1000; count += 1) batch(news, 1, { events: 100 });
  vi.advanceTimersByTime(1000);
  told.length = 0;
  for (const lane of [2, 3, 4]) batch(news, lane);
  expect(told).toEqual([[2], [3], [4]]);
  expect(vi.getTimerCount()).toBe(0);
});

test("calm brings out at once what a flood held back", () => {
  const { told, news } = listen();
  flood(news);
  batch(news, 2);
  news.tell(Date.now() + 1000);
  expect(told).toEqual([[1], [1], [2]]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a clock that is set back makes no flood of calm, nor calm of a flood", () => {
  const { told, news } = listen();
  for (const now of [1000, 500, 500]) {
    news.add([1], 300);
    news.tell(now);
  }
  news.add([2], 1);
  news.tell(501);
  expect(told).toEqual([[1], [1], [1]]);
  expect(vi.getTimerCount()).toBe(1);
});

test("what is held back can be told before its time, and is then not told again", () => {
  const { told, news } = listen();
  flood(news);
  batch(news, 2);
  news.flush();
  news.flush();
  expect(vi.getTimerCount()).toBe(0);
  expect(told).toEqual([[1], [1], [2]]);
});
