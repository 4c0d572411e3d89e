import { nextBroadcastAt } from "../../storage/broadcasts.ts";
import { nextScheduleAt } from "../../storage/schedules.ts";
import type { BroadcastParts } from "./parts.ts";
import { sendChunk } from "./send-chunk.ts";
import { startDue } from "./start-due.ts";
import type { Round } from "./worker.ts";

/** One round: what is due by the clock becomes broadcasts, and one broadcast moves on by a chunk. */
export async function broadcastRound(parts: BroadcastParts): Promise<Round> {
  const hasStarted = await startDue(parts);
  const result = await sendChunk(parts);
  if (hasStarted || result === "done") return { kind: "again" };
  if (result === "full") return { kind: "stuck" };
  const instants = await Promise.all([nextScheduleAt(parts.sql), nextBroadcastAt(parts.sql)]);
  const next = instants.flatMap((at) => at?.getTime() ?? []);
  if (next.length === 0) return { kind: "rest", until: null };
  const until = new Date(Math.min(...next));
  // Due, and yet not taken: another process has it in hand.
  return until <= parts.now() ? { kind: "stuck" } : { kind: "rest", until };
}
