import type { BroadcastState } from "../core/broadcast-state.ts";
import { AppError } from "../core/errors.ts";
import {
  type BroadcastRow,
  findBroadcast,
  lockBroadcast,
  pageBroadcasts,
  setBroadcastState,
} from "../storage/broadcasts.ts";
import { type BroadcastView, viewBroadcast } from "./broadcast-view.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, knownId } from "./read-filter.ts";

type BroadcastQuery = PageInput & { flowId?: string | undefined; state?: BroadcastState | undefined };

/** Broadcasts, newest first. */
export async function listBroadcasts(
  platform: Platform,
  caller: Caller,
  query: BroadcastQuery,
): Promise<Page<BroadcastView>> {
  requireScope(caller, "runs:read");
  const { before, limit } = readPage(query);
  const rows = await pageBroadcasts(platform.sql, {
    workspaceId: caller.workspaceId,
    flowId: idFilter(query.flowId, "flowId"),
    state: query.state ?? null,
    before,
    limit: limit + 1,
  });
  return makePage(rows.map(viewBroadcast), limit, ({ id }) => id);
}

type BroadcastInput = { id: string };

export async function getBroadcast(platform: Platform, caller: Caller, { id }: BroadcastInput): Promise<BroadcastView> {
  requireScope(caller, "runs:read");
  const ref = { workspaceId: caller.workspaceId, id: knownId(id, "broadcast_not_found") };
  const row = await findBroadcast(platform.sql, ref);
  if (!row) throw new AppError("broadcast_not_found");
  return viewBroadcast(row);
}

/** Puts no more contacts in line. Those in line start. */
export function cancelBroadcast(platform: Platform, caller: Caller, input: BroadcastInput): Promise<BroadcastView> {
  return changeState(platform, caller, {
    ...input,
    to: "cancelled",
    from: ["running", "paused"],
    reason: "by_request",
  });
}

/** Puts no contacts in line until it is resumed. */
export function pauseBroadcast(platform: Platform, caller: Caller, input: BroadcastInput): Promise<BroadcastView> {
  return changeState(platform, caller, { ...input, to: "paused", from: ["running"], reason: null });
}

export function resumeBroadcast(platform: Platform, caller: Caller, input: BroadcastInput): Promise<BroadcastView> {
  return changeState(platform, caller, { ...input, to: "running", from: ["paused"], reason: null });
}

type StateChange = BroadcastInput & { to: BroadcastState; from: readonly BroadcastState[]; reason: string | null };

/** One that is there already stays as it is: asking twice does no harm. */
async function changeState(platform: Platform, caller: Caller, change: StateChange): Promise<BroadcastView> {
  requireScope(caller, "runs:write");
  const { to, from, reason } = change;
  const now = platform.now();
  const ref = { workspaceId: caller.workspaceId, id: knownId(change.id, "broadcast_not_found") };
  const changed = await platform.sql.begin(async (sql): Promise<BroadcastRow> => {
    const row = await lockBroadcast(sql, ref);
    if (!row) throw new AppError("broadcast_not_found");
    if (row.state === to) return row;
    if (!from.includes(row.state))
      throw new AppError("invalid_state", `The broadcast cannot become ${to}: it is ${row.state}.`, {
        detail: { state: row.state },
      });
    await setBroadcastState(sql, { id: row.id, state: to, reason, now });
    const isOver = to === "cancelled";
    return { ...row, state: to, reason, nextAt: now, endedAt: isOver ? now : null };
  });
  platform.wake();
  return viewBroadcast(changed);
}
