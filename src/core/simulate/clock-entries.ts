import { isInAudience } from "../audience.ts";
import type { Contact } from "../contact.ts";
import type { CompiledEntry, CompiledFlow } from "../flow/compile.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import type { WorkspaceFacts } from "../flow/workspace-facts.ts";
import type { JsonObject } from "../json.ts";

/** One look of a flow at its audience: for what fell due after `from`, up to `to`. */
export type Tick = { flow: CompiledFlow; entry: CompiledEntry; from: Date; to: Date };

type Span = { from: Date; until: Date; timeZone: string; limit: number };

/** All looks of flows that start by the clock within a span, in order of time; at most `limit`, and then `isCut`. */
export function ticksOf(flows: readonly CompiledFlow[], span: Span): { ticks: Tick[]; isCut: boolean } {
  const ticks = flows.flatMap((flow) => flow.entries.flatMap((entry) => ticksOfEntry(flow, entry, span)));
  ticks.sort((one, other) => one.to.getTime() - other.to.getTime());
  return { ticks: ticks.slice(0, span.limit), isCut: ticks.length > span.limit };
}

function ticksOfEntry(flow: CompiledFlow, entry: CompiledEntry, { from, until, timeZone, limit }: Span): Tick[] {
  const { schedule } = entry.kind;
  const ticks: Tick[] = [];
  let after = from;
  while (schedule && ticks.length <= limit) {
    const to = schedule.nextAt(entry.config, { after, timeZone });
    if (to === null || to > until || to <= after) break;
    ticks.push({ flow, entry, from: after, to });
    after = to;
  }
  return ticks;
}

/** The start that a look brings the contact, or null. */
export function startOf(
  { flow, entry, from, to }: Tick,
  contact: Contact,
  workspace: WorkspaceFacts,
): { name: string; payload: JsonObject; target: { flowId: string; entry: string } } | null {
  const { schedule } = entry.kind;
  if (!schedule || !isInAudience(schedule.audience(entry.config), contact, { workspace, now: to })) return null;
  const window = { from, to, timeZone: workspace.timeZone };
  const payload = schedule.picks
    ? schedule.picks.pick(entry.config, contact, window)
    : schedule.variables(entry.config);
  if (payload === null) return null;
  return { name: occurrenceName.start(flow.id), payload, target: { flowId: flow.id, entry: entry.name } };
}
