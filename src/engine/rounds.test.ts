import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Round, RoundWorker, type RoundWorkerOptions, restUntil } from "./rounds.ts";

const start = new Date("2026-03-01T10:00:00Z");
const rest: Round = { kind: "rest", until: null };
let rounds: Date[];
let answers: (Round | Error)[];
let errors: unknown[];
let worker: RoundWorker;

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  rounds = [];
  answers = [];
  errors = [];
  worker = makeWorker();
});
afterEach(() => {
  vi.useRealTimers();
});

function makeWorker(options: Partial<RoundWorkerOptions> = {}): RoundWorker {
  return new RoundWorker({
    async round() {
      rounds.push(new Date());
      const answer = answers.shift() ?? rest;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...{ now: () => new Date(), sweepMs: 60_000, retryMs: 200, onError: (error) => errors.push(error) },
    ...options,
  });
}

function after(ms: number): Date {
  return new Date(start.getTime() + ms);
}

test("looks once at the start, and then leaves the database alone until the sweep", async () => {
  worker.start();
  await vi.advanceTimersByTimeAsync(59_999);
  expect(rounds).toEqual([start]);
  await vi.advanceTimersByTimeAsync(1);
  expect(rounds).toEqual([start, after(60_000)]);
});

test("goes on as long as there is more, and again at a signal, however many come", async () => {
  answers = [{ kind: "again" }, { kind: "again" }, rest];
  worker.start();
  await worker.idle();
  expect(rounds).toHaveLength(3);
  worker.signal();
  worker.signal();
  worker.signal();
  await worker.idle();
  expect(rounds).toHaveLength(5);
});

test("wakes at the instant that a round named, and at no earlier one", async () => {
  answers = [restUntil([null, after(9000), after(5000)], start)];
  worker.start();
  await vi.advanceTimersByTimeAsync(4999);
  expect(rounds).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(rounds).toEqual([start, after(5000)]);
});

test("tries again what others have in hand, or what failed, and at once when something has moved", async () => {
  answers = [restUntil([start], start), new Error("away"), { kind: "stuck" }];
  worker.start();
  await vi.advanceTimersByTimeAsync(200);
  expect([rounds.length, worker.isIdle(), errors]).toEqual([2, false, [new Error("away")]]);
  await vi.advanceTimersByTimeAsync(200);
  worker.moved();
  await worker.idle();
  expect(rounds).toEqual([start, after(200), after(400), after(400)]);
  worker.moved();
  await worker.idle();
  expect(rounds).toHaveLength(4);
});

test("rests as long as a round took while others should go first", async () => {
  const slow = async (): Promise<Round> => {
    rounds.push(new Date());
    await new Promise((resolve) => setTimeout(resolve, 100));
    return rounds.length < 3 ? { kind: "again" } : rest;
  };
  worker = makeWorker({ round: slow, givesWay: () => rounds.length === 1 });
  worker.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(rounds).toEqual([start, after(200), after(300)]);
});

test("finishes the round in hand when it is stopped, and hears no signal any more", async () => {
  answers = [{ kind: "again" }];
  worker.start();
  await worker.stop();
  worker.signal();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(rounds).toHaveLength(1);
});
