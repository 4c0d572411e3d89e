import { expect, test } from "vitest";
import { createLaneNews } from "./lane-news.ts";

function listen() {
  const told: number[][] = [];
  return { told, news: createLaneNews((lanes) => told.push([...lanes])) };
}

test("tells at once what came alone, and nothing when nothing came", () => {
  const { told, news } = listen();
  for (const now of [0, 1]) {
    news.add([7]);
    news.tell({ isFlood: false, now });
    news.tell({ isFlood: false, now });
  }
  expect(told).toEqual([[7], [7]]);
});

test("holds the news of a flood back for a while, and tells each lane once", () => {
  const { told, news } = listen();
  for (const now of [0, 10, 49, 50, 60]) {
    news.add([now, 1]);
    news.tell({ isFlood: true, now });
  }
  expect(told).toEqual([
    [0, 1],
    [10, 1, 49, 50],
  ]);
});

test("the end of a flood brings out what was held back", () => {
  const { told, news } = listen();
  news.add([1]);
  news.tell({ isFlood: true, now: 0 });
  news.add([2]);
  news.tell({ isFlood: true, now: 1 });
  news.tell({ isFlood: false, now: 2 });
  expect(told).toEqual([[1], [2]]);
});
