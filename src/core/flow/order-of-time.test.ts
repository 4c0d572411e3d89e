import { expect, test } from "vitest";
import { inOrderOfTime } from "./order-of-time.ts";

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 12, minute));
const run = (minute: number) => ({ wakeAt: at(minute) });
const event = (minute: number) => ({ acceptedAt: at(minute) });

test("each run comes before the first event that was accepted at its time or later", () => {
  const [early, same, late] = [run(1), run(5), run(9)];
  const [first, second] = [event(2), event(5)];
  expect([...inOrderOfTime([late, same, early], [first, second])]).toEqual([
    { due: early },
    { item: first },
    { due: same },
    { item: second },
    { due: late },
  ]);
});

test("a change without a time holds nothing back", () => {
  const [change, due] = [{ acceptedAt: null }, run(1)];
  expect([...inOrderOfTime([due], [change])]).toEqual([{ item: change }, { due }]);
});

test("the line keeps its order, whatever its times say", () => {
  const line = [event(7), event(3)];
  expect([...inOrderOfTime([], line)]).toEqual(line.map((item) => ({ item })));
});
