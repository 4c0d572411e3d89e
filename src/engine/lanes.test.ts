import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LaneWorker, type LaneWorkerOptions } from "./lanes.ts";
import type { PassResult } from "./pass/pass.ts";

let now: Date;
let passes: number[][];
let release: (() => void)[];
let result: (lanes: number[]) => Partial<PassResult>;
let worker: LaneWorker;
const errors: unknown[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  now = new Date("2026-03-01T10:00:00Z");
  passes = [];
  release = [];
  result = () => ({});
  errors.length = 0;
  worker = makeWorker();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Passes that end when the test says so. */
function makeWorker(options: Partial<LaneWorkerOptions> = {}): LaneWorker {
  return new LaneWorker({
    pass(lanes) {
      passes.push(lanes);
      return new Promise((resolve, reject) => {
        release.push(() => {
          try {
            resolve({ lanes, busy: [], wakes: new Map(), effects: [], unleased: 0, items: 0, ...result(lanes) });
          } catch (error) {
            reject(error);
          }
        });
      });
    },
    ...{ now: () => now, passes: 2, lanesPerPass: 64, sweepMs: 5000, retryMs: 50 },
    onPass: () => undefined,
    onError: (error) => errors.push(error),
    ...options,
  });
}

/** Ends the passes under way, and those that follow from them, up to `rounds` times. */
async function finish(rounds = 1): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const end of release.splice(0)) end();
    await vi.advanceTimersByTimeAsync(0);
  }
}

async function started(): Promise<void> {
  worker.start();
  await finish();
  passes.length = 0;
}

test("a start looks at every lane", () => {
  worker.start();
  expect(passes.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, lane) => lane));
});

test("a signal for a lane that is being passed over is not lost: another pass follows", async () => {
  await started();
  worker.signal([7]);
  worker.signal([7]);
  worker.signal([7]);
  expect(passes).toEqual([[7]]);
  await finish();
  expect(passes).toEqual([[7], [7]]);
});

test("no two passes are in one lane, and no more than allowed are under way", async () => {
  await started();
  worker.signal([1]);
  worker.signal([1, 2]);
  worker.signal([3]);
  expect(passes).toEqual([[1], [2]]);
  await finish();
  expect(passes.slice(2).flat().toSorted()).toEqual([1, 3]);
});

test("a failed pass is tried again, each time after a longer pause", async () => {
  await started();
  result = () => {
    throw new Error("Gone");
  };
  worker.signal([7]);
  for (const pause of [100, 200, 400]) {
    await finish();
    const before = passes.length;
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(passes).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(passes.slice(before)).toEqual([[7]]);
  }
  expect(errors).toHaveLength(3);
});

test("lanes that others hold are looked at again soon, and lanes with more work at once", async () => {
  await started();
  result = (lanes) => ({ lanes: [1], busy: lanes });
  worker.signal([1, 2]);
  await finish();
  expect(passes).toEqual([[1, 2], [1]]);
  await vi.advanceTimersByTimeAsync(50);
  expect(passes).toEqual([[1, 2], [1], [2]]);
});

test("a lane is passed over when its next run falls due", async () => {
  await started();
  result = (lanes) => ({ wakes: new Map(lanes.map((lane) => [lane, new Date("2026-03-01T10:00:01Z")])) });
  worker.signal([7]);
  await finish();
  result = () => ({});
  now = new Date("2026-03-01T10:00:01Z");
  await vi.advanceTimersByTimeAsync(1000);
  expect(passes).toEqual([[7], [7]]);
});

test("what is due already is work that is known: no timer, and not idle before it is done", async () => {
  await started();
  result = () => ({ wakes: new Map([[7, now]]) });
  worker.signal([7]);
  let idle = false;
  void worker.idle().then(() => {
    idle = true;
  });
  await finish();
  expect({ passes, idle }).toEqual({ passes: [[7], [7]], idle: false });
  result = () => ({});
  await finish();
  expect(idle).toBe(true);
});

test("without any signal every lane is looked at in each sweep", async () => {
  await started();
  await vi.advanceTimersByTimeAsync(5000);
  expect(passes.flat()).toHaveLength(64);
});

test("a stop waits for the pass in hand, and a signal meanwhile neither starts one nor keeps it from ending", async () => {
  await started();
  worker.signal([1]);
  let stopped = false;
  const stop = worker.stop().then(() => {
    stopped = true;
  });
  worker.signal([1, 2]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(stopped).toBe(false);
  await finish();
  await stop;
  expect(passes).toEqual([[1]]);
  expect(vi.getTimerCount()).toBe(0);
});

test("after a stop it can start again", async () => {
  await started();
  await worker.stop();
  worker.start();
  expect(passes.flat()).toHaveLength(64);
});
