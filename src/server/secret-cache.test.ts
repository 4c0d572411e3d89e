import { expect, test } from "vitest";
import { createSecretCache } from "./secret-cache.ts";

function counted() {
  const clock = { ms: 0 };
  const asked: string[] = [];
  const secretsOf = createSecretCache(
    async (workspaceId) => {
      asked.push(workspaceId);
      return { TOKEN: `${workspaceId} ${asked.length}` };
    },
    () => clock.ms,
  );
  return { clock, asked, secretsOf };
}

test("opens the secrets of a workspace once for many calls", async () => {
  const { secretsOf, asked } = counted();
  await Promise.all([secretsOf("a"), secretsOf("a"), secretsOf("b"), secretsOf("a")]);
  expect(asked).toEqual(["a", "b"]);
});

test("looks again after two seconds", async () => {
  const { secretsOf, clock } = counted();
  await secretsOf("a");
  clock.ms = 2000;
  expect(await secretsOf("a")).toEqual({ TOKEN: "a 2" });
});

test("does not keep a failure", async () => {
  let times = 0;
  const secretsOf = createSecretCache(
    async () => {
      times += 1;
      if (times === 1) throw new Error("away");
      return {};
    },
    () => 0,
  );
  await expect(secretsOf("a")).rejects.toThrow("away");
  expect(await secretsOf("a")).toEqual({});
});
