import { expect, test } from "vitest";
import { entryKinds, stepKinds } from "../steps/index.ts";
import {
  condition,
  end,
  event,
  FlowError,
  flow,
  goTo,
  httpAction,
  list,
  sendEmail,
  split,
  updateContact,
  wait,
  waitFor,
  waitUntil,
} from "./flow-builder.ts";
import { simulateFlow } from "./flow-test.ts";
import * as kinds from "./kinds.ts";

const hi = sendEmail({ subject: "Hi", html: "<p>Hi</p>" });
const always = { reentry: { mode: "always" } } as const;

test("makes the JSON of a flow; an exit that is not named leads to the step that is written next", () => {
  const thanks = flow("Thanks", always)
    .on(event({ event: "order.paid" }))
    .step("pause", wait({ hours: 1 }))
    .step("ask", httpAction({ method: "GET", url: "https://api.example.com/" }), { error: null })
    .step("mail", hi)
    .build();
  expect(thanks).toEqual({
    schema: 1,
    name: "Thanks",
    entries: { start: { kind: "event", config: { event: "order.paid" }, next: "pause" } },
    steps: {
      pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "ask" } },
      ask: {
        kind: "http-action",
        config: { method: "GET", url: "https://api.example.com/" },
        exits: { success: "mail", error: null },
      },
      mail: { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next: null } },
    },
    reentry: { mode: "always" },
  });
});

test("names of paths are exits, and steps may be named before they are written", () => {
  const built = flow("Paths")
    .on(event({ event: "a" }), "which")
    .on(event({ event: "b" }), "mail")
    .step(
      "which",
      condition({ paths: [{ name: "gold", when: { field: "contact.plan", operator: "is", value: "gold" } }] }),
      {
        gold: "mail",
        else: "hold",
      },
    )
    .step("hold", waitFor({ for: [{ exit: "came", event: "b" }], timeout: { after: { amount: 1, unit: "days" } } }), {
      came: "mail",
      timeout: "divide",
    })
    .step(
      "divide",
      split({
        exits: [
          { name: "one", weight: 1 },
          { name: "two", weight: 1 },
        ],
      }),
      { one: null, two: "date" },
    )
    .step("date", waitUntil({ field: "contact.birthday" }), { missing: null })
    .step("back", goTo("mail"))
    .step("mail", hi)
    .step("stop", end({ reason: "done" }))
    .build();
  const sim = simulateFlow(built, { events: [{ name: "b", contact: "ada@example.com" }] });
  expect(sim.contact("ada@example.com").path).toEqual(["mail:next", "stop"]);
});

test("lists stand there by their names, as in files", () => {
  const joins = flow("Joins")
    .on(event({ event: "a" }))
    .step("join", updateContact({ joinLists: [list("News")] }))
    .build();
  expect(joins["steps"]).toMatchObject({ join: { config: { joinLists: [{ $staffetta: "list", name: "News" }] } } });
  const sim = simulateFlow(joins, { contacts: [{ externalId: "ada" }], events: [{ name: "a", contact: "ada" }] });
  expect(sim.contact("ada").contact["lists"]).toHaveLength(1);
});

test("a flow that cannot run is refused with all that is wrong", () => {
  const build = () =>
    flow("Wrong")
      .on(event({ event: "$mine" }))
      .step("mail", sendEmail({ subject: "{{ contcat.name }}", html: "x" }))
      .build();
  expect(build).toThrow(FlowError);
  expect(build).toThrow(/entries\.start\.config\.event[\s\S]*steps\.mail\.config\.subject/);
});

test("what is wrong with exits and steps does not compile", () => {
  const begun = flow("Types").on(event({ event: "a" }));
  // @ts-expect-error: a wait has no exit "after".
  begun.step("pause", wait({ hours: 1 }), { after: null });
  const which = condition({ paths: [{ name: "gold", when: { field: "contact.a", operator: "exists" } }] });
  // @ts-expect-error: the condition has no path "silver".
  begun.step("which", which, { silver: null });
  // @ts-expect-error: without a timeout there is no such exit.
  begun.step("hold", waitFor({ for: [{ exit: "came", event: "b" }] }), { timeout: null });
  // @ts-expect-error: a mail needs a subject.
  sendEmail({ html: "x" });
  // @ts-expect-error: "hour" is not a unit.
  wait({ hour: 1 });
  // @ts-expect-error: nothing is called "nowhere".
  expect(() => begun.step("mail", hi, { next: "nowhere" }).build()).toThrow(FlowError);
  // @ts-expect-error: nor here.
  expect(() => begun.step("mail", hi).step("back", goTo("nowhere")).build()).toThrow(FlowError);
  // @ts-expect-error: there is a step "mail" already.
  begun.step("mail", hi).step("mail", hi);
});

test("every kind can be written", () => {
  const written = Object.keys(kinds).map((name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  const known = [...Object.keys(stepKinds), ...Object.keys(entryKinds)];
  expect(known.filter((name) => !written.includes(name))).toEqual([]);
});
