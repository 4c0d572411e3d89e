import { expect, test } from "vitest";
import { flowOf } from "../../testing/flow-fixture.ts";
import { firstSends, nextSends } from "./forecast.ts";

const wait = (next: string | null) => ({
  kind: "wait",
  config: { for: { amount: 1, unit: "hours" } },
  exits: { next },
});
const mail = (next: string | null) => ({
  kind: "send-email",
  config: { subject: "Hi", html: "<p>Hi</p>" },
  exits: { next },
});
const gold = { field: "contact.tier", operator: "is", value: "gold" };
const flow = flowOf({
  pause: wait("which"),
  which: {
    kind: "condition",
    config: { paths: [{ name: "gold", when: gold }] },
    exits: { else: "plain", gold: "rest" },
  },
  rest: wait("best"),
  best: mail("pause"),
  plain: mail(null),
});

test("the straight path follows the first exit that the kind names, the worst every exit, each to its first message", () => {
  expect(Object.fromEntries(nextSends(flow))).toEqual({
    pause: { straight: "best", worst: ["best", "plain"] },
    which: { straight: "best", worst: ["best", "plain"] },
    rest: { straight: "best", worst: ["best"] },
    best: { straight: "best", worst: ["best", "plain"] },
    plain: { straight: null, worst: [] },
  });
});

test("an entry that leads to a message comes to that one first", () => {
  expect(firstSends(flowOf({ plain: mail(null) })).get("begin")).toEqual({ straight: "plain", worst: ["plain"] });
  expect(firstSends(flow).get("begin")).toEqual({ straight: "best", worst: ["best", "plain"] });
});
