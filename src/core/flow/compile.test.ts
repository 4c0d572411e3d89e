import { expect, test } from "vitest";
import { z } from "zod";
import { compileFlow, type Registry } from "./compile.ts";
import { flowDefinitionSchema } from "./definition.ts";
import type { EntryKind, StepKind } from "./step-kind.ts";

const config = z.object({ names: z.array(z.string()) });
const entry = {
  name: "listed",
  config,
  listensTo: ({ names }: z.infer<typeof config>) => names,
} as unknown as EntryKind;
const registry: Registry = {
  entries: { listed: entry },
  steps: { end: { name: "end", config: z.object({}) } as unknown as StepKind },
};

test("entries are found by each event that they listen to, each once and in the order of their names", () => {
  const definition = flowDefinitionSchema.parse({
    schema: 1,
    name: "Two ways in",
    entries: {
      second: { kind: "listed", config: { names: ["paid", "left"] }, next: "done" },
      first: { kind: "listed", config: { names: ["paid", "paid"] }, next: "done" },
    },
    steps: { done: { kind: "end", config: {} } },
  });
  const identity = { id: "f", workspaceId: "w", version: 1, status: "active" } as const;
  const flow = compileFlow(identity, definition, registry);
  const found = [...flow.entriesOf].map(([event, entries]) => [event, entries.map(({ name }) => name)]);
  expect(found).toEqual([
    ["paid", ["first", "second"]],
    ["left", ["second"]],
  ]);
  expect([...flow.listensTo]).toEqual(["paid", "left"]);
});
