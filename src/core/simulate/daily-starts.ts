import type { CompiledFlow } from "../flow/compile.ts";
import type { Run } from "../flow/run.ts";
import { dayIn } from "../time.ts";

/** The key of a flow's day in the counts of those who have entered. */
export function dayKey(flowId: string, at: Date, timeZone: string): string {
  return `${flowId}|${dayIn(at, timeZone)}`;
}

/** The flows that only so many may enter on a day. */
export function cappedFlows(flows: readonly CompiledFlow[]): { id: string; perDay: number }[] {
  return flows.flatMap(({ id, definition }) => {
    const perDay = definition.admission?.perDay;
    return perDay === undefined ? [] : [{ id, perDay }];
  });
}

type Day = { started: Map<string, number>; now: Date; timeZone: string };

/** How many more may enter each of the flows today. */
export function roomOf(
  capped: readonly { id: string; perDay: number }[],
  { started, now, timeZone }: Day,
): Map<string, number> {
  return new Map(capped.map(({ id, perDay }) => [id, perDay - (started.get(dayKey(id, now, timeZone)) ?? 0)]));
}

/** Counts runs that have begun. */
export function countStarted(runs: Iterable<Run>, { started, now, timeZone }: Day): void {
  for (const { flowId } of runs) {
    const key = dayKey(flowId, now, timeZone);
    started.set(key, (started.get(key) ?? 0) + 1);
  }
}
