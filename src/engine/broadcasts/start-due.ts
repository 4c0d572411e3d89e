import type { CompiledEntry } from "../../core/flow/compile.ts";
import { type Due, whatIsDue } from "../../core/flow/due.ts";
import { priorities } from "../../core/flow/priority.ts";
import { requireVersion } from "../../operations/current-flow.ts";
import { newId } from "../../operations/new-id.ts";
import { insertBroadcast } from "../../storage/broadcasts.ts";
import type { Transaction } from "../../storage/database.ts";
import { findFlow } from "../../storage/flows.ts";
import { moveSchedule, type ScheduleRow, takeDueSchedules } from "../../storage/schedules.ts";
import type { BroadcastParts } from "./parts.ts";

const perRound = 20;

/** Turns schedules that are due into broadcasts. Whichever process is first does it, once: the schedule moves in the same commit. True when any was due. */
export async function startDue(parts: BroadcastParts): Promise<boolean> {
  return parts.sql.begin(async (sql) => {
    const now = parts.now();
    const due = await takeDueSchedules(sql, { now, limit: perRound });
    if (due.length > 0) await parts.flows.refresh(sql);
    for (const row of due) await startOne(sql, row, { flows: parts.flows, now });
    return due.length > 0;
  });
}

type Context = Pick<BroadcastParts, "flows"> & { now: Date };

async function startOne(sql: Transaction, row: ScheduleRow, context: Context): Promise<void> {
  const { flowId, entry: name } = row;
  const entry = await entryOf(sql, row, context);
  const workspace = context.flows.workspace(row.workspaceId);
  const { schedule } = entry?.kind ?? {};
  if (!(entry && schedule && workspace)) {
    await moveSchedule(sql, { flowId, entry: name, nextAt: null, seenAt: context.now });
    return;
  }
  const { now } = context;
  const graceMs = workspace.settings.scheduleGraceMinutes * 60_000;
  const due = whatIsDue(schedule, entry.config, { ...row, now, graceMs, timeZone: workspace.timeZone });
  await record(sql, row, { entry, due, now });
  await moveSchedule(sql, { flowId, entry: name, nextAt: due.nextAt, seenAt: now });
}

async function entryOf(
  sql: Transaction,
  { workspaceId, flowId, entry: name }: ScheduleRow,
  { flows }: Context,
): Promise<CompiledEntry | undefined> {
  const row = await findFlow(sql, { workspaceId, id: flowId });
  if (row?.status !== "active" || row.version === null) return undefined;
  const flow = await requireVersion(sql, flows, { flowId, version: row.version });
  return flow.entries.find((entry) => entry.name === name);
}

type Found = { entry: CompiledEntry; due: Due; now: Date };

/** What is to start, and what went by too long ago: that is a broadcast too, over before it began. */
async function record(sql: Transaction, row: ScheduleRow, { entry, due, now }: Found): Promise<void> {
  const { schedule } = entry.kind;
  const about = {
    workspaceId: row.workspaceId,
    flowId: row.flowId,
    entry: entry.name,
    cause: entry.kind.name,
    audience: schedule?.audience(entry.config) ?? null,
    variables: schedule?.variables(entry.config) ?? {},
    priority: priorities.low,
    createdBy: null,
    createdAt: now,
  };
  const { skipped, start } = due;
  const span = (of: { from: Date; to: Date }) => ({ windowFrom: of.from, windowTo: of.to });
  if (skipped)
    await insertBroadcast(sql, { ...about, id: newId(), ...span(skipped), state: "skipped", reason: "overdue" });
  if (start) await insertBroadcast(sql, { ...about, id: newId(), ...span(start), state: "running", reason: null });
}
