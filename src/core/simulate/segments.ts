import type { Work } from "../flow/decide.ts";
import type { Decision } from "../flow/decision.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import { type Priority, priorities } from "../flow/priority.ts";
import { isTouched, segmentsOfWork } from "../segment/touched.ts";
import { updateMembership } from "../segment/update-membership.ts";
import type { Telling } from "./telling.ts";

type Passed = { work: readonly Work[]; isDue: boolean; isChange: boolean; depth: number; now: Date };

/** Brings the segments of a contact up to date after a pass, and puts in line what flows hear of it. */
export function keepSegments(telling: Telling, { work, isDue, isChange, depth, now }: Passed): void {
  const { stage, state } = telling;
  if (isDue) telling.checkAt = null;
  const touched = segmentsOfWork(stage.segments, work, isDue);
  if (touched.length === 0) return;
  const { entered, left, nextAt } = updateMembership(state.contact, touched, now);
  const stayed = (state.contact.segments ?? []).filter((id) => !left.includes(id));
  state.contact = { ...state.contact, segments: [...stayed, ...entered] };
  const cause = isChange ? "change" : "time";
  for (const segment of entered) tell(telling, occurrenceName.segmentEntered(segment), { segment, cause, depth, now });
  for (const segment of left) tell(telling, occurrenceName.segmentLeft(segment), { segment, cause, depth, now });
  if (nextAt !== null && (telling.checkAt === null || nextAt < telling.checkAt)) telling.checkAt = nextAt;
}

type Told = { segment: string; cause: string; depth: number; now: Date };

function tell(telling: Telling, name: string, { segment, cause, depth, now }: Told): void {
  const { stage, state, told } = telling;
  if (!stage.flows.hears(name)) return;
  const id = stage.newId(state.contact.lane);
  const payload = { segment, cause };
  telling.eventNames.set(id, name);
  telling.events.unshift({ name, payload, occurredAt: now });
  told.events.push({ id, at: now.toISOString(), name, payload, source: "segment" });
  const about = { acceptedAt: now, target: null, depth: depth + 1, priority: priorities.normal };
  telling.line.add({ id, name, payload, ...about });
}

/** Has the contact looked at again when runs have changed of it what flows or segments look at. */
export function tellTouched({ stage, line }: Telling, decision: Decision, depth: number): void {
  const { changed, changes, runs } = decision;
  const priority: Priority = changed ?? priorities.normal;
  if (isTouched(stage.segments, changes)) {
    const depths = [...runs.values()].map(({ run }) => run.depth);
    line.add({ kind: "changed", priority, depth: Math.max(depth, ...depths) + 1 });
  } else if (changed !== null) line.add({ kind: "changed", priority, depth: 0 });
}
