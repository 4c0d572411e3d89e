import type { CompiledFlow } from "../flow/compile.ts";
import type { SimulatedContact, SimulatedCounts } from "./simulation.ts";

/** Counts per flow: runs by what became of them, exits of steps, and messages that were sent by step. */
export function tallyOf(flows: readonly CompiledFlow[], contacts: readonly SimulatedContact[]): SimulatedCounts[] {
  const counts = new Map(flows.map((flow) => [flow.id, emptyCounts(flow)]));
  for (const contact of contacts) addContact(counts, contact);
  return [...counts.values()];
}

function emptyCounts({ id, version, definition, steps }: CompiledFlow): SimulatedCounts {
  const exits = Object.fromEntries(
    Object.keys(definition.steps).map((name) => [
      name,
      Object.fromEntries(Object.keys(steps.get(name)?.exits ?? {}).map((exit) => [exit, 0])),
    ]),
  );
  const none = { started: 0, completed: 0, exited: 0, failed: 0, cancelled: 0, live: 0 };
  return { flow: definition.name, flowId: id, version, ...none, exits, messages: {} };
}

function addContact(counts: ReadonlyMap<string, SimulatedCounts>, contact: SimulatedContact): void {
  for (const { flowId, status } of contact.runs) {
    const of = counts.get(flowId);
    if (!of) continue;
    of.started += 1;
    of[status === "active" || status === "waiting" || status === "asking" ? "live" : status] += 1;
  }
  for (const { flowId, step, outcome, exit } of contact.steps)
    if (outcome === "went" && exit !== undefined) raise(counts.get(flowId)?.exits[step], exit);
  for (const { flowId, step, status } of contact.messages)
    if (status === "sent") raise(counts.get(flowId)?.messages, step);
}

function raise(counts: Record<string, number> | undefined, name: string): void {
  if (counts) counts[name] = (counts[name] ?? 0) + 1;
}

/** The counts of two simulations of the same flows together. */
export function addCounts(one: SimulatedCounts, other: SimulatedCounts): SimulatedCounts {
  const exits = Object.entries(other.exits).map(([step, of]) => [step, sum(one.exits[step] ?? {}, of)] as const);
  const { started, completed, exited, failed, cancelled, live, messages } = other;
  const totals = { started, completed, exited, failed, cancelled, live };
  const before = Object.fromEntries(Object.keys(totals).map((name) => [name, one[name as keyof typeof totals]]));
  return {
    ...one,
    ...(sum(before, totals) as typeof totals),
    exits: { ...one.exits, ...Object.fromEntries(exits) },
    messages: sum(one.messages, messages),
  };
}

function sum(one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): Record<string, number> {
  const total = { ...one };
  for (const [name, count] of Object.entries(other)) total[name] = (total[name] ?? 0) + count;
  return total;
}
