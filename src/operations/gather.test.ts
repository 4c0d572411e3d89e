import { expect, test } from "vitest";
import { Gatherer, type GatherOptions } from "./gather.ts";

type Write = { batch: number[]; finish: (results?: (string | Error)[]) => void; fail: (error: Error) => void };

/** A gatherer whose writes end when the test says so. */
function gather(options: Partial<GatherOptions<number, string>> = {}) {
  const writes: Write[] = [];
  const write = (batch: number[]) =>
    new Promise<(string | Error)[]>((resolve, reject) => {
      writes.push({ batch, finish: (results) => resolve(results ?? batch.map(String)), fail: reject });
    });
  return { writes, gatherer: new Gatherer({ write, maxBatch: 3, maxInFlight: 1, maxWaiting: 10, ...options }) };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const batches = (writes: Write[]) => writes.map(({ batch }) => batch);

test("what comes in one turn shares a batch, and what comes while it is written shares the next", async () => {
  const { gatherer, writes } = gather();
  const first = [1, 2].map((item) => gatherer.add(item));
  await turn();
  const second = [3, 4, 5, 6].map((item) => gatherer.add(item));
  await turn();
  expect(batches(writes)).toEqual([[1, 2]]);
  writes[0]?.finish();
  expect(await Promise.all(first)).toEqual(["1", "2"]);
  writes[1]?.finish();
  await Promise.all(second.slice(0, 3));
  writes[2]?.finish();
  expect(await Promise.all(second)).toEqual(["3", "4", "5", "6"]);
  expect(batches(writes)).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test("no more batches are written at once than allowed", async () => {
  const { gatherer, writes } = gather({ maxBatch: 1, maxInFlight: 2 });
  void Promise.all([1, 2, 3].map((item) => gatherer.add(item)));
  await turn();
  expect(batches(writes)).toEqual([[1], [2]]);
  expect(gatherer.depth()).toBe(3);
  for (const write of writes) write.finish();
  await turn();
  writes[2]?.finish();
  await gatherer.idle();
  expect(gatherer.depth()).toBe(0);
});

test("a batch beside another begins only when enough waits", async () => {
  const { gatherer, writes } = gather({ maxBatch: 5, maxInFlight: 2, besideFrom: 3 });
  void Promise.all([1, 2, 3, 4, 5, 6, 7].map((item) => gatherer.add(item)));
  await turn();
  expect(batches(writes)).toEqual([[1, 2, 3, 4, 5]]);
  void gatherer.add(8);
  await turn();
  expect(batches(writes)).toEqual([
    [1, 2, 3, 4, 5],
    [6, 7, 8],
  ]);
  void gatherer.add(9);
  writes[0]?.finish();
  await turn();
  expect(writes).toHaveLength(2);
  writes[1]?.finish();
  await turn();
  expect(batches(writes).at(-1)).toEqual([9]);
});

test("an item larger than a batch goes alone", async () => {
  const { gatherer, writes } = gather({ sizeOf: (item) => item });
  void Promise.all([1, 9, 1, 2].map((item) => gatherer.add(item).catch(() => undefined)));
  await turn();
  for (let index = 0; index < 3; index += 1) {
    writes[index]?.finish();
    await turn();
  }
  expect(batches(writes)).toEqual([[1], [9], [1, 2]].slice(0, writes.length));
});

test("each item gets its own result or error, and a write that throws fails its batch alone", async () => {
  const { gatherer, writes } = gather();
  const items = [1, 2, 3, 4].map((item) => gatherer.add(item));
  const settled = Promise.allSettled(items);
  await turn();
  writes[0]?.finish(["one", new Error("two"), "three"]);
  await Promise.allSettled(items.slice(0, 3));
  writes[1]?.fail(new Error("four"));
  const outcomes = await settled;
  expect(outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : outcome.reason.message))).toEqual([
    "one",
    "two",
    "three",
    "four",
  ]);
  const next = gatherer.add(5);
  await turn();
  writes[2]?.finish();
  expect(await next).toBe("5");
});

test("refuses what is too much with a time to come back, and never an item that finds nobody waiting", async () => {
  const { gatherer, writes } = gather({ sizeOf: (item) => item, maxWaiting: 5 });
  const large = gatherer.add(50);
  await turn();
  const small = gatherer.add(4);
  await expect(gatherer.add(2)).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
  writes[0]?.finish();
  await large;
  await turn();
  writes[1]?.finish();
  expect(await small).toBe("4");
});

test("idle waits for what waits and for what is being written", async () => {
  const { gatherer, writes } = gather();
  await gatherer.idle();
  const added = gatherer.add(1);
  let isIdle = false;
  const idle = gatherer.idle().then(() => {
    isIdle = true;
  });
  await turn();
  expect(isIdle).toBe(false);
  writes[0]?.finish();
  await added;
  await idle;
});

test("the next batch is on its way before those who wait for the last go on", async () => {
  const { gatherer, writes } = gather();
  const seen: number[] = [];
  const first = gatherer.add(1).then(() => seen.push(writes.length));
  await turn();
  const second = gatherer.add(2);
  writes[0]?.finish();
  await first;
  expect(seen).toEqual([2]);
  expect(batches(writes)).toEqual([[1], [2]]);
  writes[1]?.finish();
  await second;
});

test.each(["finish", "fail"] as const)("is idle only after everybody was told of a write: %s", async (end) => {
  const { gatherer, writes } = gather();
  const heard: string[] = [];
  const added = [1, 2].map((item) =>
    gatherer.add(item).then(
      () => heard.push("written"),
      () => heard.push("failed"),
    ),
  );
  const idle = gatherer.idle().then(() => heard.push("idle"));
  await turn();
  if (end === "finish") writes[0]?.finish();
  else writes[0]?.fail(new Error("no"));
  await Promise.all([...added, idle]);
  expect(heard[2]).toBe("idle");
  expect(gatherer.depth()).toBe(0);
});

test("a write that throws at once fails its batch as any other", async () => {
  const write = () => {
    throw new Error("at once");
  };
  const { gatherer } = gather({ write });
  await expect(gatherer.add(1)).rejects.toThrow("at once");
  await gatherer.idle();
});
