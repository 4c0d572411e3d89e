import { describe, expect, test } from "vitest";
import type { StepContext } from "../../core/flow/step-kind.ts";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { abTest } from "./run.ts";

const variants = [{ name: "short" }, { name: "long", weight: 3 }];
const after = { after: { amount: 4, unit: "hours" } };
const startedAt = new Date("2026-03-01T10:00:00Z");

describeStepKind(abTest, {
  good: [
    { config: { variants, winBy: "opens", decide: after } },
    { config: { variants, winBy: "clicks", decide: { participants: 1000 } } },
    { config: { variants, winBy: { event: "order.placed" }, decide: { participants: 1000, ...after } } },
    {
      config: {
        variants,
        winBy: {
          event: "order.placed",
          where: { field: "event.total", operator: "atLeast", value: 10 },
          key: { event: "{{ event.cart }}" },
        },
        decide: after,
      },
    },
    {
      config: { variants, winBy: { step: "step" }, decide: after, share: 20 },
      context: { abState: { startedAt, winner: "long" } },
    },
  ],
  bad: [
    { config: { variants: [{ name: "only" }], winBy: "opens", decide: after }, path: "variants" },
    { config: { variants: [{ name: "a" }, { name: "a" }], winBy: "opens", decide: after }, path: "variants" },
    {
      config: { variants: [{ name: "a", weight: 0 }, { name: "b" }], winBy: "opens", decide: after },
      path: "variants.0.weight",
    },
    { config: { variants, winBy: "luck", decide: after }, path: "winBy" },
    { config: { variants, winBy: { event: "$inbound" }, decide: after }, path: "winBy.event" },
    { config: { variants, winBy: { event: "paid", where: { field: "x" } }, decide: after }, path: "winBy" },
    { config: { variants, winBy: { event: "paid", key: { run: "{{ run.key }}" } }, decide: after }, path: "winBy" },
    { config: { variants, winBy: { step: "a", key: { event: "{{ event.cart }}" } }, decide: after }, path: "winBy" },
    { config: { variants, winBy: "opens", decide: {} }, path: "decide" },
    { config: { variants, winBy: "opens", decide: { participants: 1 } }, path: "decide.participants" },
    { config: { variants, winBy: "opens", decide: after, share: 100 }, path: "share" },
    { config: { variants, winBy: "opens", decide: { participants: 100 }, share: 20 }, path: "share" },
    { config: { variants, winBy: "opens", decide: { participants: 100, ...after }, share: 20 }, path: "share" },
  ],
});

test("a step that is to be reached must be there", () => {
  const config = abTest.config.parse({ variants, winBy: { step: "thanks" }, decide: after });
  expect(abTest.check?.(config, { stepNames: ["test", "thanks"] })).toEqual([]);
  expect(abTest.check?.(config, { stepNames: ["test"] })).toMatchObject([{ path: "winBy.step" }]);
});

test("a broken template in the key of a goal is named", () => {
  const winBy = { event: "paid", key: { event: "{{ event.cart" } };
  const config = abTest.config.parse({ variants, winBy, decide: after });
  expect(abTest.check?.(config, { stepNames: [] })).toMatchObject([{ path: "winBy.key.event" }]);
});

const open = abTest.config.parse({ variants, winBy: "opens", decide: after });
const contacts = Array.from({ length: 2000 }, (_, n) => sampleContact({ id: `contact-${n}` }));

function run(config: typeof open, changes: Partial<StepContext>) {
  return abTest.run(config, stepContext(changes));
}

describe("while the test is open", () => {
  test("contacts take variants by weight, and take part", () => {
    const outcomes = contacts.map((contact) => run(open, { contact }));
    const long = outcomes.filter((outcome) => outcome.kind === "go" && outcome.exit === "long");
    expect(long.length / contacts.length).toBeCloseTo(0.75, 1);
    expect(long[0]).toMatchObject({ variant: "long", result: { variant: "long", isTest: true } });
  });

  test("a contact takes the same variant each time", () => {
    const [contact = sampleContact()] = contacts;
    expect(run(open, { contact, runId: "run-9", visit: 5, now: new Date("2030-01-01") })).toEqual(
      run(open, { contact }),
    );
  });
});

test("once a variant has won, everybody takes it, and nobody takes part", () => {
  const outcomes = contacts.map((contact) => run(open, { contact, abState: { startedAt, winner: "short" } }));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ exit: "short", result: { isTest: false } });
  expect(outcomes.some((outcome) => "variant" in outcome)).toBe(false);
});

test("a winner that is no longer a variant does not count", () => {
  expect(run(open, { abState: { startedAt, winner: "gone" } })).toMatchObject({ kind: "go", result: { isTest: true } });
});

describe("with a share", () => {
  const config = abTest.config.parse({ variants, winBy: "opens", decide: after, share: 20 });

  test("so many take part, the others wait until the winner is decided", () => {
    const outcomes = contacts.map((contact) => run(config, { contact, abState: { startedAt, winner: null } }));
    const waiting = outcomes.filter(({ kind }) => kind === "wait");
    expect(waiting.length / contacts.length).toBeCloseTo(0.8, 1);
    expect(waiting[0]).toEqual({ kind: "wait", until: new Date("2026-03-01T14:00:00Z") });
  });

  test("whoever waits looks again soon when the winner is late, and goes its way once it is there", () => {
    const contact = contacts.find((one) => run(config, { contact: one }).kind === "wait") ?? sampleContact();
    const now = new Date("2026-03-01T14:00:00Z");
    expect(run(config, { contact, now, abState: { startedAt, winner: null } })).toEqual({
      kind: "wait",
      until: new Date("2026-03-01T14:01:00Z"),
    });
    expect(run(config, { contact, now, abState: { startedAt, winner: "long" } })).toMatchObject({ exit: "long" });
  });

  test("whoever has waited a whole span for a test in which nobody takes part begins it", () => {
    const contact = contacts.find((one) => run(config, { contact: one }).kind === "wait") ?? sampleContact();
    const enteredAt = new Date("2026-03-01T10:00:00Z");
    const now = new Date("2026-03-01T14:00:00Z");
    expect(run(config, { contact, enteredAt, now, abState: null })).toMatchObject({
      kind: "go",
      result: { isTest: true },
    });
    expect(run(config, { contact, enteredAt, now, abState: { startedAt: now, winner: null } }).kind).toBe("wait");
  });
});
