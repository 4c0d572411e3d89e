import { expect, test } from "vitest";
import { type EntryRecord, explainEntry } from "./explain-entry.ts";

const at = new Date("2026-03-01T10:00:00Z");
const blank: EntryRecord = {
  flow: { name: "Thanks", status: "active", version: 2 },
  entries: [{ name: "paid", listensTo: ["order.paid"] }],
  events: [],
  runs: [],
  admissions: [],
};
const event = { name: "order.paid", acceptedAt: at, queued: true, pending: false, outcomes: [] };
const run = {
  id: "r1",
  status: "waiting" as const,
  step: "wait",
  reason: null,
  startedAt: at,
  wakeAt: new Date("2026-03-02T10:00:00Z"),
  endedAt: null,
};
const refusal = (reason: string, detail: EntryRecord["events"][number]["outcomes"][number]["detail"] = null) => ({
  outcome: "not_started" as const,
  reason,
  detail,
  runId: null,
});

test.each<[string, Partial<EntryRecord>, string]>([
  [
    "nothing happened",
    {},
    "The contact did not enter: none of the events that the flow listens to (order.paid) is on record for it.",
  ],
  [
    "it was never published",
    { flow: { ...blank.flow, version: null, status: "draft" } },
    "The contact did not enter: the flow was never published.",
  ],
  [
    "nobody listened",
    { events: [{ ...event, queued: false }] },
    "The contact did not enter: The event order.paid of 2026-03-01T10:00:00.000Z came when no flow listened to it.",
  ],
  [
    "the event waits",
    { events: [{ ...event, pending: true }] },
    "The contact did not enter: The event order.paid of 2026-03-01T10:00:00.000Z waits to be handled.",
  ],
  [
    "only others listened",
    { events: [event] },
    "The contact did not enter: The event order.paid of 2026-03-01T10:00:00.000Z came when this flow did not listen to it.",
  ],
  [
    "the flow was paused",
    { events: [{ ...event, outcomes: [refusal("flow_paused")] }] },
    "The contact did not enter: The event order.paid of 2026-03-01T10:00:00.000Z started nothing: the flow was paused.",
  ],
  [
    "a key was used",
    { events: [{ ...event, outcomes: [refusal("entered_before", { key: "o-1" })] }] },
    'The contact did not enter: The event order.paid of 2026-03-01T10:00:00.000Z started nothing: the contact may enter only once, and had entered before (key "o-1").',
  ],
  [
    "a reason is new",
    { events: [{ ...event, outcomes: [refusal("some_new_reason")] }] },
    "The contact did not enter: The event order.paid of 2026-03-01T10:00:00.000Z started nothing: some_new_reason.",
  ],
  [
    "a run is live",
    { runs: [run] },
    'The contact is in the flow: the run r1 began 2026-03-01T10:00:00.000Z and is waiting at the step "wait" until 2026-03-02T10:00:00.000Z.',
  ],
  [
    "a run failed",
    { runs: [{ ...run, status: "failed", reason: "loop_guard", endedAt: at, wakeAt: null }] },
    'The contact was in the flow: the run r1 began 2026-03-01T10:00:00.000Z and was ended as failed at the step "wait" 2026-03-01T10:00:00.000Z (loop_guard).',
  ],
])("sums up when %s", (_name, changes, summary) => {
  expect(explainEntry({ ...blank, ...changes }).summary).toBe(summary);
});

test("tells every fact: state, entries, events, runs, admissions", () => {
  const { facts } = explainEntry({
    ...blank,
    events: [
      {
        ...event,
        outcomes: [
          { outcome: "started", reason: null, detail: null, runId: "r1" },
          { outcome: "exited", reason: "exit_rule_0", detail: null, runId: "r0" },
        ],
      },
    ],
    runs: [run],
    admissions: [
      { key: null, lastAt: at, opensAt: "never" },
      { key: "k", lastAt: at, opensAt: new Date("2026-04-01T00:00:00Z") },
      { key: null, lastAt: at, opensAt: null },
    ],
  });
  expect(facts).toEqual([
    'The flow "Thanks" is active; its published version is 2.',
    'The entry "paid" listens to order.paid.',
    "The event order.paid of 2026-03-01T10:00:00.000Z started the run r1, and ended the run r0 by an exit rule.",
    'the run r1 began 2026-03-01T10:00:00.000Z and is waiting at the step "wait" until 2026-03-02T10:00:00.000Z.',
    "The contact last entered 2026-03-01T10:00:00.000Z, and may not enter again.",
    'The contact last entered 2026-03-01T10:00:00.000Z under the key "k", and may enter again from 2026-04-01T00:00:00.000Z.',
    "The contact last entered 2026-03-01T10:00:00.000Z, and may enter again at any time.",
  ]);
});

test("says in words what Staffetta made of a change", () => {
  const listensTo = ["$property:plan", "$list-joined:l-1"];
  const changed = { ...event, name: "$property:plan", outcomes: [refusal("other_value", { property: "plan" })] };
  const record = { ...blank, entries: [{ name: "plan", listensTo }], names: { "l-1": "News" } };
  expect(explainEntry({ ...record, events: [changed] })).toEqual({
    summary:
      "The contact did not enter: A change of the property plan at 2026-03-01T10:00:00.000Z started nothing: the property did not get the value that the entry asks for.",
    facts: [
      'The flow "Thanks" is active; its published version is 2.',
      'The entry "plan" listens to a change of the property plan, the list "News" joined.',
      "A change of the property plan at 2026-03-01T10:00:00.000Z started nothing: the property did not get the value that the entry asks for.",
    ],
  });
  expect(explainEntry(record).facts.at(-1)).toBe(
    'Nothing of the contact is on record of what the flow listens to: a change of the property plan, the list "News" joined.',
  );
});
