import { expect, test } from "vitest";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { split } from "./run.ts";

const half = {
  exits: [
    { name: "left", weight: 1 },
    { name: "right", weight: 1 },
  ],
};

describeStepKind(split, {
  good: [
    { config: half },
    {
      config: {
        exits: [
          { name: "all", weight: 100 },
          { name: "none", weight: 0 },
        ],
      },
    },
  ],
  bad: [
    { config: {}, path: "exits" },
    { config: { exits: [{ name: "only", weight: 1 }] }, path: "exits" },
    {
      config: {
        exits: [
          { name: "a", weight: 1 },
          { name: "a", weight: 1 },
        ],
      },
      path: "exits",
    },
    {
      config: {
        exits: [
          { name: "a", weight: 0 },
          { name: "b", weight: 0 },
        ],
      },
      path: "exits",
    },
    {
      config: {
        exits: [
          { name: "a", weight: -1 },
          { name: "b", weight: 1 },
        ],
      },
      path: "exits.0.weight",
    },
    {
      config: {
        exits: [
          { name: "a", weight: 0.5 },
          { name: "b", weight: 1 },
        ],
      },
      path: "exits.0.weight",
    },
    {
      config: {
        exits: [
          { name: "Left side", weight: 1 },
          { name: "b", weight: 1 },
        ],
      },
      path: "exits.0.name",
    },
  ],
});

const contacts = Array.from({ length: 2000 }, (_, n) => sampleContact({ id: `contact-${n}` }));

function exitOf(contact: (typeof contacts)[number], place = { flowId: "flow-1", step: "split" }, config = half) {
  const outcome = split.run(config, stepContext({ contact, ...place }));
  return outcome.kind === "go" ? outcome.exit : outcome.kind;
}

test("the same contact takes the same exit, whatever run and moment it comes in", () => {
  const [contact = sampleContact()] = contacts;
  const later = stepContext({
    contact,
    flowId: "flow-1",
    step: "split",
    runId: "run-9",
    now: new Date("2030-01-01"),
    visit: 7,
  });
  expect(split.run(half, later)).toMatchObject({ exit: exitOf(contact) });
});

test("another flow or step deals anew", () => {
  const same = (place: { flowId: string; step: string }) =>
    contacts.filter((contact) => exitOf(contact) === exitOf(contact, place)).length / contacts.length;
  expect(same({ flowId: "flow-2", step: "split" })).toBeCloseTo(0.5, 1);
  expect(same({ flowId: "flow-1", step: "other" })).toBeCloseTo(0.5, 1);
});

test("a new weight moves only as many contacts as it must", () => {
  const more = {
    exits: [
      { name: "left", weight: 6 },
      { name: "right", weight: 4 },
    ],
  };
  const moved = contacts.filter((contact) => exitOf(contact) !== exitOf(contact, undefined, more));
  expect(moved.length / contacts.length).toBeCloseTo(0.1, 1);
  expect(moved.every((contact) => exitOf(contact) === "right")).toBe(true);
});
