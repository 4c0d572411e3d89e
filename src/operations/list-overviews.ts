import { AppError } from "../core/errors.ts";
import {
  countDailyMembers,
  type DailyMembers,
  type ListOrder,
  type ListOverviewRow,
  pageListOverviews,
} from "../storage/list-overviews.ts";
import { requireList } from "./lists.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

export type ListOverview = Omit<ListOverviewRow, "workspaceId">;

const dayMs = 86_400_000;
const maxDays = 3660;

/** Lists with their counts, from an offset on, for those who cannot page by a cursor. */
export async function listOverviews(
  { sql }: Platform,
  caller: Caller,
  page: { order: ListOrder; isDescending: boolean; offset: number; limit: number },
): Promise<ListOverview[]> {
  requireScope(caller, "contacts:read");
  const rows = await pageListOverviews(sql, { workspaceId: caller.workspaceId, ...page });
  return rows.map(({ workspaceId: _, ...list }) => list);
}

/** Who came and went on each day from the first to the last, both included (UTC, at most ten years). Throws `list_not_found`. */
export async function listGrowth(
  { sql }: Platform,
  caller: Caller,
  { id, first, last }: { id: string; first: Date; last: Date },
): Promise<DailyMembers[]> {
  requireScope(caller, "contacts:read");
  const list = await requireList(sql, caller.workspaceId, id);
  const days = (last.getTime() - first.getTime()) / dayMs;
  if (days < 0 || days > maxDays) {
    const message = "must not be before the first day, nor more than ten years after it";
    throw new AppError("invalid_request", undefined, { issues: [{ path: "last", message }] });
  }
  return countDailyMembers(sql, { listId: list.id, from: first, to: new Date(last.getTime() + dayMs) });
}
