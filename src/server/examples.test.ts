import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { validateFlow } from "../core/flow/validate.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import { purchaseFlow } from "./command-line/demo/flow.ts";
import { sampleFlow } from "./sample-flow.ts";

const root = new URL("../../examples/", import.meta.url);
const registry = { steps: stepKinds, entries: entryKinds };

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"));

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, root), "utf8"));
}

test("there are examples", () => {
  expect(files.length).toBeGreaterThanOrEqual(5);
});

test.each(files)("examples/%s is a flow that can be published", (file) => {
  expect(validateFlow(read(file), registry)).toMatchObject({ ok: true });
});

test.each([
  ["of the demo", purchaseFlow("http://127.0.0.1:4010")],
  ["that a first start publishes", sampleFlow],
])("the flow %s is one too", (_, flow) => {
  expect(validateFlow(flow, registry)).toMatchObject({ ok: true });
});

test("the example by hand is the flow of the demo", () => {
  expect(read("after-purchase/flow.json")).toEqual(purchaseFlow("http://127.0.0.1:4010"));
});

test("the list of examples names every file", () => {
  const page = readFileSync(new URL("README.md", root), "utf8");
  expect(files.filter((file) => !page.includes(`(${file})`) && !file.startsWith("after-purchase/"))).toEqual([]);
});

const built = new URL("../../dist/src/flow-kit/flow-builder.js", import.meta.url);

// `npm test` builds first; without a build there is no package to import.
test.skipIf(!existsSync(built))("the tests of the example flow pass against the built package", () => {
  const output = execFileSync(process.execPath, ["--test", "--test-reporter=tap", "flow-tests/welcome.test.mjs"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(output).toMatch(/^# pass 4$/m);
});
