import { expect, test } from "vitest";
import { contextOf, flowOf, occurrence, stateOf } from "../../testing/flow-fixture.ts";
import type { JsonObject } from "../json.ts";
import { decide } from "./decide.ts";
import type { Run } from "./run.ts";

const key = { event: "{{ event.cartId }}" };
const steps = {
  watch: {
    kind: "wait-for",
    config: {
      for: [{ exit: "ordered", event: "order.placed", key }],
      timeout: { after: { amount: 1, unit: "hours" } },
      restartOn: [{ event: "cart.updated", key }],
    },
    exits: { ordered: null, timeout: "recover" },
  },
  recover: {
    kind: "http-action",
    config: { method: "POST", url: "https://shop.example.com/carts/{{ run.key | url_encode }}/voucher" },
    exits: { success: "mail", error: "mail" },
  },
  mail: {
    kind: "send-email",
    config: { subject: "Your cart {{ run.key }}", html: "<p>Still there: {{ event.items }} things.</p>" },
    exits: { next: null },
  },
};
const changes = {
  entries: { cart: { kind: "event", config: { event: "cart.updated" }, next: "watch" } },
  reentry: { mode: "always", key: "{{ event.cartId }}" },
};

/** A contact in virtual time: what is due is done before what comes later, as a pass does. */
function shop() {
  const flow = flowOf(steps, { changes });
  const state = stateOf();
  const runs = new Map<string, Run>();
  const mails: string[] = [];
  const calls: string[] = [];
  let serial = 0;
  const world = contextOf([flow]);
  const work = (now: Date, item: Parameters<typeof decide>[1][number]) => {
    const decision = decide(state, [item], { ...world, now });
    expect(decision.bugs).toEqual([]);
    for (const [id, { run }] of decision.runs) runs.set(id, run);
    for (const { run, effect } of decision.effects) {
      if (effect.kind === "http") calls.push(`${run.key} ${now.toISOString().slice(11, 16)}`);
      else mails.push(`${run.key} ${now.toISOString().slice(11, 16)}`);
      if (effect.awaited) answers.push({ run, visit: effect.visit, now });
    }
    return decision;
  };
  const answers: { run: Run; visit: number; now: Date }[] = [];
  const answerAll = () => {
    for (let asked = answers.shift(); asked; asked = answers.shift())
      work(asked.now, { kind: "answer", runId: asked.run.id, visit: asked.visit, answer: answerOf() });
  };
  const until = (time: Date) => {
    for (;;) {
      const due = [...state.runs.values()]
        .filter(({ wakeAt }) => wakeAt !== null && wakeAt <= time)
        .sort((one, other) => Number(one.wakeAt) - Number(other.wakeAt))[0];
      if (!due?.wakeAt) return;
      work(due.wakeAt, { kind: "due", runId: due.id });
      answerAll();
    }
  };
  return {
    runs: () => [...runs.values()].map((run) => `${run.key} ${run.status} ${run.step ?? "-"}`),
    mails,
    calls,
    until: (time: string) => until(at(time)),
    event(time: string, name: string, payload: JsonObject) {
      const acceptedAt = at(time);
      until(acceptedAt);
      serial += 1;
      work(acceptedAt, { kind: "event", occurrence: occurrence({ id: `e-${serial}`, name, payload, acceptedAt }) });
    },
  };
}

function answerOf() {
  return { ok: true, result: { status: 200 } };
}

function at(time: string): Date {
  return new Date(`2026-03-01T${time.length === 5 ? `${time}:00` : time}Z`);
}

test("a cart that rests for an hour is followed by the call and the mail", () => {
  const { event, until, calls, mails, runs } = shop();
  event("10:00", "cart.updated", { cartId: "a", items: 2 });
  until("10:59");
  expect(runs()).toEqual(["a waiting watch"]);
  until("11:00");
  expect([calls, mails, runs()]).toEqual([["a 11:00"], ["a 11:00"], ["a completed -"]]);
});

test("each update begins the hour anew, without a second run", () => {
  const { event, until, mails, runs } = shop();
  event("10:00", "cart.updated", { cartId: "a" });
  event("10:30", "cart.updated", { cartId: "a" });
  event("11:29:59", "cart.updated", { cartId: "a" });
  until("12:29");
  expect(mails).toEqual([]);
  until("12:30");
  expect([mails, runs()]).toEqual([["a 12:29"], ["a completed -"]]);
});

test("the order of the same cart ends the wait, that of another does not", () => {
  const { event, until, mails, runs } = shop();
  event("10:00", "cart.updated", { cartId: "a" });
  event("10:10", "order.placed", { cartId: "b" });
  expect(runs()).toEqual(["a waiting watch"]);
  event("10:20", "order.placed", { cartId: "a" });
  until("23:00");
  expect([mails, runs()]).toEqual([[], ["a completed -"]]);
});

test("several carts of one contact go their own ways at once", () => {
  const { event, until, mails, runs } = shop();
  event("10:00", "cart.updated", { cartId: "a" });
  event("10:05", "cart.updated", { cartId: "b" });
  event("10:10", "cart.updated", { cartId: "c" });
  event("10:30", "cart.updated", { cartId: "a" });
  event("10:40", "order.placed", { cartId: "b" });
  until("23:00");
  expect(mails).toEqual(["c 11:10", "a 11:30"]);
  expect(runs()).toEqual(["a completed -", "b completed -", "c completed -"]);
});

test("the order at the very instant of the timeout is too late, and a later update begins a new cart", () => {
  const { event, until, mails, runs } = shop();
  event("10:00", "cart.updated", { cartId: "a" });
  event("11:00", "order.placed", { cartId: "a" });
  event("11:30", "cart.updated", { cartId: "a" });
  expect([mails, runs()]).toEqual([["a 11:00"], ["a completed -", "a waiting watch"]]);
  until("12:30");
  expect(mails).toEqual(["a 11:00", "a 12:30"]);
});

test("an order before the cart was known starts and ends nothing", () => {
  const { event, until, mails } = shop();
  event("09:59", "order.placed", { cartId: "a" });
  event("10:00", "cart.updated", { cartId: "a" });
  until("11:00");
  expect(mails).toEqual(["a 11:00"]);
});
