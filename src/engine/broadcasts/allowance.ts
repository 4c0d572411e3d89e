import type { CompiledFlow } from "../../core/flow/compile.ts";
import type { Transaction } from "../../storage/database.ts";
import { lockPace, setPace } from "../../storage/flow-limits.ts";

/** How many starts are within a flow's rate: `limit` of them at `from`, each of which takes `intervalMs`. */
export type Allowance = { limit: number; from: Date; intervalMs: number };

const periodMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

/** What the rate of a flow allows now: about as many starts as fit into a second, so that they are spread. 0 when the last ones still count. */
export async function takeAllowance(
  sql: Transaction,
  { id, definition }: CompiledFlow,
  { most, now }: { most: number; now: Date },
): Promise<Allowance> {
  const rate = definition.admission?.rate;
  if (!rate) return { limit: most, from: now, intervalMs: 0 };
  const from = await lockPace(sql, { flowId: id, now });
  const intervalMs = periodMs[rate.per] / rate.count;
  if (from > now) return { limit: 0, from, intervalMs };
  return { limit: Math.min(most, Math.max(1, Math.floor(1000 / intervalMs))), from: now, intervalMs };
}

/** Counts starts against the rate, and returns the instant of the next. */
export async function spend(
  sql: Transaction,
  { flowId, allowance, starts }: { flowId: string; allowance: Allowance; starts: number },
): Promise<Date> {
  const { from, intervalMs } = allowance;
  if (intervalMs === 0 || starts === 0) return from;
  // Rounded up: the rate is never exceeded.
  const nextAt = new Date(from.getTime() + Math.ceil(starts * intervalMs));
  await setPace(sql, { flowId, nextAt });
  return nextAt;
}
