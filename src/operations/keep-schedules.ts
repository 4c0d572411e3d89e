import type { Registry } from "../core/flow/compile.ts";
import type { Transaction } from "../storage/database.ts";
import { type FlowRow, loadFlowVersions } from "../storage/flows.ts";
import { replaceSchedules, type ScheduleRow } from "../storage/schedules.ts";
import { listWorkspaces } from "../storage/workspaces.ts";

type FlowState = Pick<FlowRow, "id" | "workspaceId" | "status" | "version">;

/**
 * Keeps the schedules of a flow as its state and version have just become: none unless it is active. Time that goes by while it is not active is
 * not made up for. In the transaction of the change.
 */
export async function keepSchedules(
  sql: Transaction,
  flow: FlowState,
  { registry, now }: { registry: Registry; now: Date },
): Promise<void> {
  await replaceSchedules(sql, { flowId: flow.id, rows: await schedulesOf(sql, flow, { registry, now }) });
}

async function schedulesOf(
  sql: Transaction,
  { id: flowId, workspaceId, status, version }: FlowState,
  { registry, now }: { registry: Registry; now: Date },
): Promise<ScheduleRow[]> {
  if (status !== "active" || version === null) return [];
  // Not by the cache of flows: this version may yet be taken back.
  const [row] = await loadFlowVersions(sql, [{ flowId, version }]);
  const workspace = (await listWorkspaces(sql)).find(({ id }) => id === workspaceId);
  return Object.entries(row?.definition.entries ?? {}).flatMap(([entry, { kind: name, config }]) => {
    const kind = registry.entries[name];
    const context = { after: now, timeZone: workspace?.timeZone ?? "UTC" };
    const nextAt = kind?.schedule?.nextAt(kind.config.parse(config), context) ?? null;
    return nextAt === null ? [] : [{ flowId, entry, workspaceId, nextAt, seenAt: now }];
  });
}
