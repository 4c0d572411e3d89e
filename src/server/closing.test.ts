import { expect, test } from "vitest";
import { createClosing } from "./closing.ts";

type Problem = { name: string; error?: unknown };

function recorded(totalMs = 1000) {
  const problems: Problem[] = [];
  const order: string[] = [];
  const closing = createClosing({ report: (problem) => problems.push(problem), totalMs });
  const add = (name: string) => closing.add(name, 1000, async () => order.push(name));
  return { problems, order, closing, add };
}

test("closes the latest first", async () => {
  const { closing, order, add } = recorded();
  for (const name of ["database", "engine", "http"]) add(name);
  await closing.closeAll();
  expect(order).toEqual(["http", "engine", "database"]);
});

test("goes on after a failure, and reports it", async () => {
  const { closing, order, problems, add } = recorded();
  const error = new Error("stuck");
  add("database");
  closing.add("http", 1000, () => Promise.reject(error));
  await closing.closeAll();
  expect(order).toEqual(["database"]);
  expect(problems).toEqual([{ name: "http", error }]);
});

test("leaves behind what takes too long, even when that fails later", async () => {
  const { closing, order, problems, add } = recorded();
  let fail: (error: Error) => void = () => undefined;
  add("database");
  closing.add(
    "engine",
    1,
    () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
  );
  await closing.closeAll();
  fail(new Error("too late"));
  expect(order).toEqual(["database"]);
  expect(problems).toEqual([{ name: "engine" }]);
});

test("closes nothing twice", async () => {
  const { closing, order, add } = recorded();
  add("http");
  await closing.closeAll();
  await closing.closeAll();
  expect(order).toEqual(["http"]);
});

test("all together take no longer than they may", async () => {
  const { closing, problems } = recorded(5);
  for (const name of ["database", "engine", "http"])
    closing.add(name, Number.POSITIVE_INFINITY, () => new Promise(() => undefined));
  const startedAt = performance.now();
  await closing.closeAll();
  expect(problems.map(({ name }) => name)).toEqual(["http", "engine", "database"]);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
