import type { Automation } from "../../operations/automations.ts";
import { elementIds, mainTriggerId } from "./element-ids.ts";

/** An element of a flow as SendPulse names it; `step` is null for the main trigger. */
export type Element = { id: number; type: string; step: string | null; title: string };

/** SendPulse's kind of element for each kind of step; any other is an action. */
const types: Record<string, string> = {
  "send-email": "email",
  condition: "filter",
  split: "filter",
  "ab-test": "filter",
  wait: "trigger",
  "wait-for": "trigger",
  goal: "goal",
};

/** The main trigger of a flow and its steps, in their order. */
export function elementsOf({ flow, steps }: Automation): Element[] {
  const ids = elementIds(
    flow.number,
    steps.map(({ name }) => name),
  );
  const main = { id: mainTriggerId(flow.number), type: "maintrigger", step: null, title: flow.name };
  return [
    main,
    ...steps.map(({ name, kind, title }) => ({
      id: ids.get(name) ?? 0,
      type: types[kind] ?? "action",
      step: name,
      title,
    })),
  ];
}

/** What the roll-ups say of one element, in the fields that SendPulse has for its type. What we do not count is 0. */
export function statsOf(automation: Automation, { id: flow_id, type, step, title }: Element) {
  const { totals, entered, messages, goals } = automation;
  const none = { last_send: null };
  if (step === null) return { flow_id, executed: totals.started, deleted: totals.cancelled };
  const executed = entered[step] ?? 0;
  if (type === "email")
    return { flow_id, task: { id: flow_id, name: title }, ...mailStats(messages[step] ?? {}), ...none };
  if (type === "goal") return { flow_id, executed, ...mailStats({}), conversions: goals[step] ?? 0 };
  return { flow_id, executed, ...none };
}

function mailStats({
  sent = 0,
  delivered = 0,
  opened = 0,
  clicked = 0,
  bounced = 0,
  failed = 0,
}: Record<string, number>) {
  const errors = bounced + failed;
  return { sent, delivered, opened, clicked, errors, unsubscribed: 0, marked_as_spam: 0 };
}

/** The sums of a flow that its overview shows. */
export function totalsOf({ totals, messages, goals }: Automation) {
  const sumOf = (counts: Record<string, number>[]) => counts.reduce((sum, { sent = 0 }) => sum + sent, 0);
  return {
    starts: totals.started,
    in_queue: totals.live,
    end_count: totals.completed + totals.exited + totals.failed + totals.cancelled,
    send_messages: sumOf(Object.values(messages)),
    conversions: Object.values(goals).reduce((sum, count) => sum + count, 0),
  };
}
