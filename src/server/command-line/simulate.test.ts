import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { runCommandLine } from "../command-line.ts";

let folder: string;
const path = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFileSync(path(name), text);

const flow = {
  schema: 1,
  name: "Thanks",
  entries: { paid: { kind: "event", config: { event: "order.paid" }, next: "pause" } },
  steps: {
    pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "mail" } },
    mail: {
      kind: "send-email",
      config: { subject: "Thanks {{ contact.name }}", html: "<p>Hi</p>" },
      exits: { next: null },
    },
  },
};
const event = { name: "order.paid", contact: "ada@example.com", at: "2026-03-01T10:00:00Z" };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "staffetta-simulate-"));
  write("flow.json", JSON.stringify(flow));
  write("events.jsonl", `${JSON.stringify(event)}\n\n${JSON.stringify({ ...event, name: "other" })}\n`);
  write("contacts.jsonl", '{"email": "ada@example.com", "properties": {"name": "Ada"}}\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function run(...words: string[]) {
  const printed = { out: "", err: "" };
  for (const [name, stream] of [["out", process.stdout] as const, ["err", process.stderr] as const])
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    });
  const code = await runCommandLine(words).finally(() => vi.restoreAllMocks());
  return { code, ...printed };
}

test("prints the way of a contact, its messages and the counts", async () => {
  const { code, out, err } = await run(
    "simulate",
    path("flow.json"),
    path("events.jsonl"),
    "--contacts",
    path("contacts.jsonl"),
  );
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toBe(`ada@example.com
  2026-03-01 10:00:00Z  event       order.paid
  2026-03-01 10:00:00Z  event       other
  2026-03-01 10:00:00Z  wait        pause       waits until 2026-03-01T11:00:00.000Z
  2026-03-01 11:00:00Z  wait        pause       -> next
  2026-03-01 11:00:00Z  send-email  mail        -> next
  2026-03-01 11:00:00Z  message     mail        sent to ada@example.com: Thanks Ada

Thanks: 1 started, 1 completed
  pause -> next: 1
  mail -> next: 1
  mail sent: 1
`);
});

test("prints everything as JSON, up to a given end", async () => {
  const { out } = await run(
    "simulate",
    path("flow.json"),
    path("events.jsonl"),
    "--json",
    "--until",
    "2026-03-01T10:30:00Z",
  );
  expect(JSON.parse(out)).toMatchObject({ counts: [{ live: 1 }], contacts: [{ path: [], runs: [{ step: "pause" }] }] });
});

test("names file and line of what is wrong, all of it at once, and ends with 1", async () => {
  write("bad-flow.json", JSON.stringify({ ...flow, steps: { pause: flow.steps.pause } }));
  write("bad.jsonl", `${JSON.stringify(event)}\n\n{"name": "x", "contact": "no@"}\n{"contact": "ada"}\n`);
  expect(await run("simulate", path("bad-flow.json"), path("events.jsonl"))).toMatchObject({
    code: 1,
    err: `${path("bad-flow.json")}: steps.pause.exits.next there is no step "mail"\n`,
  });
  const bad = await run("simulate", path("flow.json"), path("bad.jsonl"));
  expect(bad.code).toBe(1);
  expect(bad.err.split("\n")).toEqual([
    expect.stringContaining(`${path("bad.jsonl")} line 4: name must be there`),
    expect.stringContaining(`${path("bad.jsonl")} line 3: contact.email`),
    "",
  ]);
});

test.each([
  ["broken.jsonl", '{"name": "x"}\n{"name": \n', /line 2: /],
  ["broken.json", "{", /line 1, column 2/],
])("%s is refused with its line", async (file, text, expected) => {
  write(file, text);
  const words = file.endsWith("l") ? [path("flow.json"), path(file)] : [path(file), path("events.jsonl")];
  const { code, err } = await run("simulate", ...words);
  expect(code).toBe(1);
  expect(err).toMatch(expected);
});

test.each([
  [["simulate", "flow.json"], 2],
  [["simulate", "a.json", "b.jsonl", "--until", "noon"], 1],
  [["simulate", "a.json", "b.jsonl", "--time-zone", "Mars"], 1],
])("%j is refused", async (words, code) => {
  expect(await run(...words)).toMatchObject({ code });
});
