import { nextBroadcastAt } from "../../storage/broadcasts.ts";
import { nextScheduleAt } from "../../storage/schedules.ts";
import { type Round, restUntil } from "../rounds.ts";
import type { BroadcastParts } from "./parts.ts";
import { sendChunk } from "./send-chunk.ts";
import { startDue } from "./start-due.ts";

/** One round: what is due by the clock becomes broadcasts, and one broadcast moves on by a chunk. */
export async function broadcastRound(parts: BroadcastParts): Promise<Round> {
  const hasStarted = await startDue(parts);
  const result = await sendChunk(parts);
  if (hasStarted || result === "done") return { kind: "again" };
  if (result === "full") return { kind: "stuck" };
  const instants = await Promise.all([nextScheduleAt(parts.sql), nextBroadcastAt(parts.sql)]);
  return restUntil(instants, parts.now());
}
