import { expect, test } from "vitest";
import { simulateFlow } from "../../flow-kit/flow-test.ts";
import { definitionOf } from "../../testing/flow-fixture.ts";
import type { JsonObject } from "../json.ts";

const noon = "2026-03-01T12:00:00.000Z";
const ada = { externalId: "ada", email: "ada@example.com", properties: { name: "Ada" } };
const go = { name: "go", contact: "ada", at: noon, payload: { orderId: "o-1" } };
const hour = { for: { amount: 1, unit: "hours" } };
const mail = { subject: "Hi {{ contact.name }}", html: "<p>{{ event.orderId }}</p>" };

function play(steps: JsonObject, { changes = {}, ...story }: { changes?: JsonObject } & Record<string, unknown> = {}) {
  return simulateFlow(definitionOf(steps, changes), { contacts: [ada], events: [go], ...story });
}

const pause = { pause: { kind: "wait", config: hour, exits: { next: "mail" } } };
const waitAndMail = { ...pause, mail: { kind: "send-email", config: mail, exits: { next: null } } };
const ask = (config: JsonObject = {}) => ({
  ask: {
    kind: "http-action",
    config: { method: "GET", url: "https://api.example.com/tiers/{{ event.orderId }}", ...config },
    exits: { success: null, error: "done" },
  },
  done: { kind: "end", config: {} },
});

test("takes a contact through a wait to a mail, at the times it would happen", () => {
  const sim = play(waitAndMail);
  const { path, steps, messages } = sim.contact("ada");
  expect(path).toEqual(["pause:next", "mail:next"]);
  expect(steps.map(({ at, step, outcome }) => `${at} ${step} ${outcome}`)).toEqual([
    "2026-03-01T12:00:00.000Z pause waiting",
    "2026-03-01T13:00:00.000Z pause went",
    "2026-03-01T13:00:00.000Z mail went",
  ]);
  expect(messages).toMatchObject([
    { at: "2026-03-01T13:00:00.000Z", to: "ada@example.com", subject: "Hi Ada", html: "<p>o-1</p>", status: "sent" },
  ]);
  expect(sim.counts).toMatchObject([{ started: 1, completed: 1, exits: { mail: { next: 1 } }, messages: { mail: 1 } }]);
  expect(sim.warnings).toEqual([]);
});

test("leaves what would happen after the end undone", () => {
  const sim = play(waitAndMail, { until: "2026-03-01T12:30:00Z" });
  expect(sim.contact("ada").path).toEqual([]);
  expect(sim.contact("ada").runs).toMatchObject([
    { status: "waiting", step: "pause", wakeAt: "2026-03-01T13:00:00.000Z" },
  ]);
});

test("says why an event starts nothing", () => {
  const sim = play(waitAndMail, { events: [go, go], changes: { reentry: { mode: "never" } } });
  expect(sim.contact("ada").outcomes.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ["started", null],
    ["not_started", "entered_before"],
  ]);
});

test("an exit rule ends the run at the time of its event", () => {
  const stop = { name: "stop", contact: "ada", at: "2026-03-01T12:20:00Z" };
  const sim = play(waitAndMail, { events: [go, stop], changes: { exitWhen: [{ event: "stop" }] } });
  expect(sim.contact("ada").path).toEqual(["!exit_rule_0"]);
});

test("without a stub a call is answered with 200, and there is a warning", () => {
  const sim = play(ask());
  expect(sim.contact("ada").path).toEqual(["ask:success"]);
  expect(sim.contact("ada").calls).toMatchObject([{ url: "https://api.example.com/tiers/o-1", stubbed: false }]);
  expect(sim.warnings).toEqual(['A run of "Sample" calls HTTP at "ask" without a stub: answered with 200 and {}.']);
});

test("repeats a call by the rules of the engine, with the stub's answers in turn", () => {
  const http = [{ url: "https://api.example.com/*", answers: [{ status: 503 }, { status: 200, latencyMs: 250 }] }];
  const { calls, path, steps } = play(ask(), { answers: { http } }).contact("ada");
  expect(calls.map(({ at, attempt, answer }) => [at, attempt, answer.status])).toEqual([
    [noon, 1, 503],
    ["2026-03-01T12:00:00.500Z", 2, 200],
  ]);
  expect(path).toEqual(["ask:success"]);
  expect(steps.at(-1)?.at).toBe("2026-03-01T12:00:00.750Z");
});

test.each([
  [{ status: 404 }, "status"],
  [{ fail: "refused" }, "refused"],
  [{ latencyMs: 60_000 }, "timeout"],
])("the answer %j is an error", (answer, reason) => {
  const sim = play(ask({ retries: 0 }), { answers: { http: [{ step: "ask", answer }] } });
  expect(sim.contact("ada").path).toEqual(["ask:error", "done"]);
  expect(sim.contact("ada").calls.at(-1)?.answer).toMatchObject({ reason });
});

test("a message fails when a stub says so", () => {
  const answers = { messages: [{ to: "*@example.com", fail: "bounced" as const }] };
  const sim = play(waitAndMail, { answers });
  expect(sim.contact("ada").messages).toMatchObject([{ status: "bounced" }]);
  expect(sim.counts[0]?.messages).toEqual({});
});

test("a template that cannot be sent is a failed message and a warning", () => {
  const sim = play({ mail: { kind: "send-email", config: { ...mail, to: "nobody" }, exits: { next: null } } });
  expect(sim.contact("ada").messages).toMatchObject([{ status: "failed", reason: expect.stringContaining("to:") }]);
  expect(sim.warnings).toHaveLength(1);
});

test("changes of the contact last, and properties that come with an event are laid over it first", () => {
  const set = {
    kind: "update-contact",
    config: { properties: { total: "{{ contact.plan }}!" } },
    exits: { next: null },
  };
  const event = { ...go, contact: { externalId: "ada", properties: { plan: "gold" } } };
  expect(play({ set }, { events: [event] }).contact("ada").contact).toMatchObject({ plan: "gold", total: "gold!" });
});

test("an event makes a contact that nobody named before", () => {
  const sim = play(waitAndMail, { contacts: [], events: [{ ...go, contact: "bea@example.com" }] });
  expect(sim.contact("bea@example.com").path).toEqual(["pause:next", "mail:next"]);
});

test("a call to the address of an entry says who the contact is", () => {
  const definition = {
    schema: 1,
    name: "Call",
    entries: { call: { kind: "incoming-call", config: { map: { email: "who" } }, next: "stop" } },
    steps: { stop: { kind: "end", config: {} } },
  };
  const sim = simulateFlow(definition, {
    events: [{ entry: "call", payload: { who: " Bea@Example.com " }, at: noon }],
  });
  expect(sim.contact("bea@example.com").path).toEqual(["stop"]);
});

test("several flows meet the same events, and lists are known by name", () => {
  const [one, two] = ["One", "Two"].map((name) => definitionOf({ stop: { kind: "end", config: {} } }, { name }));
  const sim = simulateFlow([one ?? {}, two ?? {}], { contacts: [{ ...ada, lists: ["News"] }], events: [go] });
  expect(sim.counts.map(({ flow, completed }) => [flow, completed])).toEqual([
    ["One", 1],
    ["Two", 1],
  ]);
});

test("a limit of steps ends it, and it says so", () => {
  const loop = {
    a: { kind: "update-contact", config: { addTags: ["x"] }, exits: { next: "b" } },
    b: { kind: "wait", config: hour, exits: { next: "a" } },
  };
  const sim = play(loop);
  expect(sim.contact("ada").path.at(-1)).toBe("!loop_guard");
  expect(sim.warnings).toEqual(['A run of "Sample" was ended by the loop guard.']);
});

test("every problem of flow and story is named at its place", () => {
  const broken = () =>
    play({ a: { kind: "wait", config: {}, exits: { next: "b" } } }, { answers: { http: [{ answer: { status: 7 } }] } });
  expect(broken).toThrow(
    /flows\[0\]\.steps\.a\.config[\s\S]*flows\[0\]\.steps\.a\.exits\.next[\s\S]*answers\.http\[0\]/,
  );
  const badStory = () =>
    play(waitAndMail, { contacts: [ada, ada], events: [{ name: "go" }, { ...go, at: "noon" }, { contact: "ada" }] });
  for (const place of ["contacts[1].externalId", "events[0].contact", "events[1].at", "events[2].name"])
    expect(badStory).toThrow(place);
});

test("the same story told twice is the same", () => {
  expect(JSON.stringify(play(waitAndMail))).toBe(JSON.stringify(play(waitAndMail)));
});

const splitTest = {
  kind: "ab-test",
  config: {
    variants: [{ name: "red" }, { name: "blue" }],
    winBy: "clicks",
    decide: { after: { amount: 1, unit: "days" } },
    share: 1,
  },
  exits: { red: null, blue: null },
};

test("those who wait for the winner of a test go where the stub says, or by what the story comes to when its span is over", () => {
  const contacts = Array.from({ length: 20 }, (_, index) => ({ externalId: `c${index}` }));
  const events = contacts.map(({ externalId }) => ({ ...go, contact: externalId }));
  const given = play({ test: splitTest }, { contacts, events, answers: { tests: [{ step: "test", winner: "blue" }] } });
  expect(given.counts[0]?.exits).toEqual({ test: { red: 0, blue: 20 } });
  const waited = play({ test: splitTest }, { contacts, events });
  expect(waited.counts[0]).toMatchObject({ completed: 20 });
  expect(waited.contacts.at(-1)?.steps.at(-1)).toMatchObject({ exit: "red", at: "2026-03-02T12:00:00.000Z" });
  expect(waited.warnings).toEqual([expect.stringMatching(/^The test "test" of "Sample" has no stub for its winner/)]);
});

test("flows may listen to what becomes of messages", () => {
  const opened = {
    ...definitionOf({ stop: { kind: "end", config: {} } }, { name: "Opened" }),
    entries: { opened: { kind: "message-event", config: { event: "opened" }, next: "stop" } },
  };
  const answers = { messages: [{ step: "mail", events: [{ type: "opened" as const, afterMs: 60_000 }] }] };
  const sim = simulateFlow([definitionOf(waitAndMail), opened], { contacts: [ada], events: [go], answers });
  expect(sim.contact("ada").path).toEqual(["pause:next", "mail:next", "stop"]);
  expect(sim.contact("ada").steps.at(-1)?.at).toBe("2026-03-01T13:01:00.000Z");
});

test("properties that come with an event are told to flows behind it", () => {
  const entries = {
    plan: { kind: "property-changed", config: { property: "plan", to: "gold" }, next: "stop" },
    go: { kind: "event", config: { event: "go" }, next: "stop" },
  };
  const event = { ...go, contact: { externalId: "ada", properties: { plan: "gold" } } };
  const sim = play({ stop: { kind: "end", config: {} } }, { events: [event], changes: { entries } });
  expect(sim.contact("ada").outcomes.map(({ event: name, entry }) => [name, entry])).toEqual([
    ["go", "go"],
    ["$property:plan", "plan"],
  ]);
});

test("what an ended run had asked for and nobody has begun is taken back: messages, and attempts still to come", () => {
  const restart = { reentry: { mode: "always", whileRunning: "restart" } };
  const twice = play({ ...waitAndMail, ...pause }, { events: [go, go], changes: restart });
  expect(twice.contact("ada").messages).toHaveLength(1);
  const mailFirst = {
    mail: { ...waitAndMail.mail, exits: { next: "hold" } },
    hold: { kind: "wait", config: hour, exits: { next: null } },
  };
  const { messages } = play(mailFirst, { events: [go, go], changes: restart }).contact("ada");
  expect(messages.map(({ status, reason }) => [status, reason])).toEqual([
    ["cancelled", "restarted"],
    ["sent", null],
  ]);
  const stop = { name: "stop", contact: "ada", at: "2026-03-01T12:00:00.200Z" };
  const answers = { http: [{ step: "ask", answer: { status: 503 } }] };
  const { calls } = play(ask(), { events: [go, stop], answers, changes: { exitWhen: [{ event: "stop" }] } }).contact(
    "ada",
  );
  expect(calls).toHaveLength(1);
});

test("an address that the contact has unsubscribed is held", () => {
  const leave = { leave: { kind: "unsubscribe", config: { channels: ["email"] }, exits: { next: "mail" } } };
  const { messages } = play({ ...leave, mail: waitAndMail.mail }).contact("ada");
  expect(messages).toMatchObject([{ status: "held", reason: "unsubscribed" }]);
});
