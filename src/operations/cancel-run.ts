import { AppError } from "../core/errors.ts";
import { isLive } from "../core/flow/run.ts";
import { laneOf } from "../core/id.ts";
import { lockLane } from "../storage/lanes.ts";
import { stopRunEffects } from "../storage/outbox-changes.ts";
import { findRun } from "../storage/run-reads.ts";
import { cancelRuns } from "./end-runs.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { type RunView, viewRun } from "./runs.ts";
import { stopMessages } from "./stop-messages.ts";

/**
 * Ends a run where it stands. What it asked for and nobody has begun is not done; a call or mail in hand goes on, unheard.
 * Throws `invalid_state` when the run has ended already.
 */
export async function cancelRun(
  platform: Platform,
  caller: Caller,
  { id, reason }: { id: string; reason?: string | undefined },
): Promise<RunView> {
  requireScope(caller, "runs:write");
  const lane = laneOf(knownId(id, "run_not_found"));
  const now = platform.now();
  return platform.sql.begin(async (sql) => {
    await lockLane(sql, lane);
    const run = await findRun(sql, { workspaceId: caller.workspaceId, id });
    if (!run) throw new AppError("run_not_found");
    if (!isLive(run))
      throw new AppError("invalid_state", `The run has ended already: it is ${run.status}.`, {
        detail: { status: run.status },
      });
    const stopped = await stopRunEffects(sql, { lane, runId: id });
    const detail = { by: caller.name, ...(reason === undefined ? {} : { note: reason.slice(0, 500) }) };
    const [ended] = await cancelRuns(sql, [run], { reason: "cancelled_by_request", detail, now });
    await stopMessages(sql, {
      contactId: run.contactId,
      ids: stopped.map(({ messageId }) => messageId),
      reason: "run_cancelled",
      now,
    });
    return viewRun(ended ?? run);
  });
}
