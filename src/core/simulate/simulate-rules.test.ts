import { expect, test } from "vitest";
import { simulateFlow } from "../../flow-kit/flow-test.ts";
import { definitionOf } from "../../testing/flow-fixture.ts";
import type { JsonObject } from "../json.ts";

const noon = "2026-03-01T12:00:00.000Z";
const ada = { externalId: "ada", email: "ada@example.com", properties: { name: "Ada" } };
const go = { name: "go", contact: "ada", at: noon, payload: { orderId: "o-1" } };
const hour = { for: { amount: 1, unit: "hours" } };
const pause = { pause: { kind: "wait", config: hour, exits: { next: "mail" } } };
const mail = { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next: null } };
const waitAndMail = { ...pause, mail };

function play(steps: JsonObject, { changes = {}, ...story }: { changes?: JsonObject } & Record<string, unknown> = {}) {
  return simulateFlow(definitionOf(steps, changes), { contacts: [ada], events: [go], ...story });
}

const night = { quietHours: { from: "11:00", to: "13:30", action: "hold" } };

test("quiet hours put a mail off, and a run that is ended meanwhile takes it back", () => {
  const steps = {
    mail: { ...waitAndMail.mail, exits: { next: "hold" } },
    hold: { ...pause.pause, exits: { next: null } },
  };
  const changes = { sending: night, exitWhen: [{ event: "stop" }] };
  const [held] = play(steps, { changes }).contact("ada").messages;
  expect(held).toMatchObject({ status: "sent", at: noon, sentAt: "2026-03-01T13:30:00.000Z" });
  const stop = { name: "stop", contact: "ada", at: "2026-03-01T12:20:00Z" };
  const { messages } = play(steps, { changes, events: [go, stop] }).contact("ada");
  expect(messages).toMatchObject([{ status: "cancelled", reason: "exit_rule_0" }]);
});

test("a frequency cap drops what is too much, and the trail says so", () => {
  const workspace = { settings: { frequencyCaps: [{ count: 1, hours: 24, action: "drop" }] } };
  const sim = play({ mail: waitAndMail.mail }, { events: [go, { ...go, at: "2026-03-01T12:10:00Z" }], workspace });
  const { messages, steps } = sim.contact("ada");
  expect(messages.map(({ status, reason }) => [status, reason])).toEqual([
    ["sent", null],
    ["dropped", "frequency_cap"],
  ]);
  expect(steps.filter(({ outcome }) => outcome === "dropped")).toHaveLength(1);
});

test("a daily cap is shared by all contacts, and full until the next day", () => {
  const contacts = ["a", "b", "c"].map((externalId) => ({ externalId }));
  const events = contacts.map(({ externalId }) => ({ ...go, contact: externalId }));
  const changes = { admission: { perDay: 2 } };
  const sim = play({ stop: { kind: "end", config: {} } }, { contacts, events, changes });
  expect(sim.contacts.map(({ outcomes }) => outcomes[0]?.reason)).toEqual([null, null, "daily_cap"]);
});

test("an A/B test is decided by what all contacts of the story do", () => {
  const config = {
    variants: [{ name: "red" }, { name: "blue" }],
    winBy: { event: "won" },
    decide: { participants: 4 },
  };
  const test = { test: { kind: "ab-test", config, exits: { red: null, blue: null } } };
  const contacts = Array.from({ length: 12 }, (_, n) => ({ externalId: `c${n}` }));
  const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, "0")}:00Z`;
  const events = contacts.map(({ externalId }, n) => ({ ...go, contact: externalId, at: at(n) }));
  const exits = play(test, { contacts, events }).contacts.map(({ steps }) => steps.at(-1)?.exit);
  // By 12:04 four have taken part and nobody has won: of equal ones the first wins.
  expect(exits.slice(4)).toEqual(Array.from({ length: 8 }, () => "red"));
});

test("the contact may be changed, write, and open what it was sent; a flow may be started", () => {
  const entries = {
    club: {
      kind: "list-changed",
      config: { list: "0190a000-0000-7000-8000-00000000000b", change: "joined" },
      next: "mail",
    },
    said: { kind: "inbound-message", config: { keywords: ["hello"] }, next: "stop" },
    opened: { kind: "message-event", config: { event: "opened" }, next: "stop" },
    api: { kind: "start", config: { variables: { n: { type: "number", required: true } } }, next: "stop" },
  };
  const steps = { mail: waitAndMail.mail, stop: { kind: "end", config: {} } };
  const at = (minute: number) => ({ contact: "ada", at: `2026-03-01T12:0${minute}:00Z` });
  const events = [
    { ...at(1), change: { lists: ["0190a000-0000-7000-8000-00000000000b"] } },
    { ...at(2), message: { event: "opened", step: "mail" } },
    { ...at(3), inbound: { text: "Hello" } },
    { ...at(4), entry: "api", payload: { n: 3 } },
  ];
  const sim = play(steps, { events, changes: { entries } });
  expect(sim.contact("ada").outcomes.map(({ entry, outcome }) => [entry, outcome])).toEqual([
    ["club", "started"],
    ["opened", "started"],
    ["said", "started"],
    ["api", "started"],
  ]);
  expect(() => play(steps, { events: [{ ...at(1), entry: "api" }], changes: { entries } })).toThrow(/payload\.n/);
  expect(() => play(steps, { events: [{ ...at(1), name: "x", inbound: { text: "" } }], changes: { entries } })).toThrow(
    /must have one of/,
  );
});
