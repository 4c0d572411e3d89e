import type { Decision } from "../../core/flow/decision.ts";
import type { Run } from "../../core/flow/run.ts";
import { newIdInLane } from "../../operations/new-id.ts";
import type { MessageKey } from "../../storage/message-reads.ts";
import type { NewMessage } from "../../storage/messages.ts";
import type { OutboxRow } from "../../storage/outbox.ts";

type StoppedRun = { lane: number; runId: string; contactId: string; reason: string };

/** What a pass writes of effects. */
export type EffectRows = {
  effects: OutboxRow[];
  messages: NewMessage[];
  /** Runs that ended before their time: what they asked for and nobody has begun is to be stopped. */
  stopped: StoppedRun[];
  /** Messages that such runs asked for in this pass. */
  withdrawn: (MessageKey & { runId: string })[];
};

type Asked = Decision["effects"][number]["effect"];

/** The row of an effect that a run asked for, and of its message. */
export function addEffect(rows: EffectRows, run: Run, { effect, now }: { effect: Asked; now: Date }): void {
  const messageId = effect.message ? newIdInLane(run.lane) : null;
  addMessage(rows, run, { effect, messageId, now });
  // Here and below every field by name: spread from another object, such a literal took ten times as long.
  rows.effects.push({
    lane: run.lane,
    workspaceId: run.workspaceId,
    contactId: run.contactId,
    runId: run.id,
    flowId: run.flowId,
    version: run.version,
    visit: effect.visit,
    ordinal: effect.ordinal,
    kind: effect.kind,
    step: effect.step,
    messageId,
    data: effect.data,
    awaited: effect.awaited,
    attempt: 0,
    firstDueAt: now,
    dueAt: now,
    priority: run.priority,
    putOff: null,
  });
}

type AskedMessage = { effect: Asked; messageId: string | null; now: Date };

function addMessage(rows: EffectRows, run: Run, { effect, messageId, now }: AskedMessage): void {
  if (messageId === null || !effect.message) return;
  rows.messages.push({
    lane: run.lane,
    workspaceId: run.workspaceId,
    contactId: run.contactId,
    runId: run.id,
    flowId: run.flowId,
    version: run.version,
    id: messageId,
    channel: effect.message.channel,
    purpose: effect.message.purpose,
    topic: effect.message.topic ?? null,
    step: effect.step,
    visit: effect.visit,
    createdAt: now,
    depth: run.depth,
  });
}

/** A message that was asked for and taken back in one pass has its row all the same, with the reason why it was not sent. */
export function addStopped(rows: EffectRows, { stopped, withdrawn }: Decision, now: Date): void {
  for (const { lane, id: runId, contactId, reason } of stopped)
    rows.stopped.push({ lane, runId, contactId, reason: reason ?? "run_cancelled" });
  for (const { run, effect } of withdrawn) {
    if (!effect.message) continue;
    const id = newIdInLane(run.lane);
    addMessage(rows, run, { effect, messageId: id, now });
    rows.withdrawn.push({ lane: run.lane, contactId: run.contactId, runId: run.id, id });
  }
}
