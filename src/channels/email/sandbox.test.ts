import { expect, test } from "vitest";
import { describeTransport, sampleMail } from "../../testing/transport-suite.ts";
import { createSandboxTransport } from "./sandbox.ts";

describeTransport("sandbox", async () => {
  const kept: Buffer[] = [];
  const transport = createSandboxTransport(async ({ raw }) => {
    kept.push(raw);
  });
  return { transport, arrived: () => kept, close: async () => undefined };
});

test("hands the key to the store, so that a mail is kept once", async () => {
  const keys: string[] = [];
  const transport = createSandboxTransport(async (_message, { key }) => {
    keys.push(key);
  });
  await transport.deliver(sampleMail(1), { key: "run:mail:3" });
  expect(keys).toEqual(["run:mail:3"]);
});

test("a store that fails is an error, not a delivery", async () => {
  const transport = createSandboxTransport(() => Promise.reject(new Error("database gone")));
  await expect(transport.deliver(sampleMail(1), { key: "k" })).rejects.toThrow("database gone");
});
