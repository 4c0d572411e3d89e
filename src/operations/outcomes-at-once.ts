import { sureRefusals } from "../core/flow/expect-entries.ts";
import { priorities } from "../core/flow/priority.ts";
import type { EventOutcome } from "../core/flow/route.ts";
import type { SettledOutcome } from "../storage/event-rows.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { IncomingEvent } from "./incoming-event.ts";

/** More flows than these listen to few events; the engine's thread has the time for them. */
const maxFlowsAtOnce = 20;

/**
 * What an event does when that depends on the event alone, and is nothing: it then need not wait in line, nor be read again. That the flows
 * are those known here is checked as it is written. Null when the flows have to meet it.
 */
export function outcomesAtOnce(
  flows: FlowCache,
  { workspaceId, event, id }: { workspaceId: string; event: IncomingEvent; id: string },
  now: Date,
): EventOutcome[] | null {
  const workspace = flows.workspace(workspaceId);
  if (!workspace || !flows.onlyStarts(workspaceId, event.name)) return null;
  const listening = flows.lookup(workspaceId).listening(event.name);
  if (listening.length > maxFlowsAtOnce) return null;
  const { name, payload, target } = event;
  const occurrence = { id, name, payload, target, acceptedAt: now, depth: 0, priority: priorities.normal };
  return sureRefusals(listening, occurrence, { workspace, now });
}

/** An outcome as it is kept with its event. */
export function settledOutcome({ flowId, version, entry, reason, detail }: EventOutcome): SettledOutcome {
  return { flowId, version, entry, reason, detail };
}
