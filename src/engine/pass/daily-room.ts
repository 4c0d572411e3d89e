import type { CompiledFlow } from "../../core/flow/compile.ts";
import type { Run } from "../../core/flow/run.ts";
import { dayIn } from "../../core/time.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Transaction } from "../../storage/database.ts";
import { countFlowDays, type FlowDay, lockFlowDays } from "../../storage/flow-limits.ts";
import type { Taken } from "./load.ts";

/** How many more may enter flows with a daily cap, and the days they are counted on. */
export type DailyRoom = { room: Map<string, number>; days: FlowDay[] };

/**
 * The room that is left today in the flows that a pass may start. Other passes that may start them wait for this one, so that the cap holds over any
 * number of processes; passes that meet no such flow ask for nothing.
 */
export async function takeDailyRoom(
  sql: Transaction,
  { events }: Pick<Taken, "events">,
  { flows, now }: { flows: FlowCache; now: Date },
): Promise<DailyRoom> {
  const capped = new Map<string, CompiledFlow>();
  for (const item of events) {
    if (item.eventId === null) continue;
    for (const flow of flows.lookup(item.workspaceId).listening(item.name))
      if (flow.definition.admission?.perDay !== undefined) capped.set(flow.id, flow);
  }
  if (capped.size === 0) return { room: new Map(), days: [] };
  const days = [...capped.values()].map(({ id: flowId, workspaceId }) => ({
    flowId,
    workspaceId,
    day: dayIn(now, flows.workspace(workspaceId)?.timeZone ?? "UTC"),
  }));
  const started = await lockFlowDays(sql, days);
  const left = ({ id, definition }: CompiledFlow) => (definition.admission?.perDay ?? 0) - (started.get(id) ?? 0);
  return { room: new Map([...capped.values()].map((flow) => [flow.id, left(flow)])), days };
}

/** Counts the runs that a pass began, on the days it holds. */
export async function countStarts(sql: Transaction, { days }: DailyRoom, newRuns: readonly Run[]): Promise<void> {
  const counts = days.flatMap(({ flowId, day }) => {
    const by = newRuns.filter((run) => run.flowId === flowId).length;
    return by === 0 ? [] : [{ flowId, day, by }];
  });
  if (counts.length > 0) await countFlowDays(sql, counts);
}
