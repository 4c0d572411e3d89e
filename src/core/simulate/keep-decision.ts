import type { Decision } from "../flow/decision.ts";
import type { Run } from "../flow/run.ts";
import type { Occurrence } from "../flow/step-kind.ts";
import { call } from "./calls.ts";
import { occurrenceOf } from "./line.ts";
import { send } from "./messages.ts";
import { addStep, placeOfRun, type Telling, type WorldItem, warn } from "./telling.ts";

/** Takes down what a pass decided, and does in the simulation what the engine does with it: effects are performed, events put in line. */
export function keepDecision(telling: Telling, decision: Decision, now: Date): void {
  const { stage } = telling;
  for (const { run, trail } of decision.runs.values()) {
    telling.runs.set(run.id, run);
    for (const entry of trail) addStep(telling, run, entry);
    if (run.reason === "loop_guard") warn(telling, run, "was ended by the loop guard");
  }
  for (const outcome of decision.outcomes) addOutcome(telling, outcome, now);
  for (const { error, flowId } of decision.bugs) {
    const flow = stage.byId.get(flowId)?.definition.name ?? flowId;
    stage.warnings.add(`A step or entry of "${flow}" threw: ${error instanceof Error ? error.message : String(error)}`);
  }
  keepSuppressions(telling, decision);
  takeBack(telling, decision, now);
  // The urgent first, as the outbox is worked off, and mails before calls, which take time.
  const effects = [...decision.effects].sort(
    (one, other) => one.run.priority - other.run.priority || Number(isCall(one)) - Number(isCall(other)),
  );
  for (const { run, effect } of effects) perform(telling, run, { effect, now });
  for (const made of decision.occurrences) addEvent(telling, occurrenceOf(made, now), made.isHeard);
}

/** What runs had asked for that were ended before their time, and nobody has begun: messages of this pass or put off, and attempts still to come. */
function takeBack(telling: Telling, { stopped, withdrawn }: Decision, now: Date): void {
  const { stage, told } = telling;
  const at = now.toISOString();
  const ended = new Map(stopped.map((run) => [run.id, run]));
  const isBegun = (one: { runId: string; at: string }) => !(ended.has(one.runId) && one.at > at);
  told.calls = told.calls.filter(isBegun);
  told.steps = told.steps.filter(isBegun);
  // A mail that no rule has put off is begun as good as at once.
  const isStopped = (item: WorldItem) =>
    item.kind === "mail" && item.mail.putOffBy !== null && ended.has(item.mail.run.id);
  for (const item of telling.world)
    if (item.kind === "mail" && isStopped(item))
      Object.assign(item.mail.message, { status: "cancelled", reason: ended.get(item.mail.run.id)?.reason ?? null });
  telling.world = telling.world.filter((item) => !isStopped(item));
  for (const { run, effect } of withdrawn) {
    if (!effect.message) continue;
    const about = { ...effect.message, status: "cancelled" as const, reason: ended.get(run.id)?.reason ?? null };
    const nothing = { sentAt: null, from: null, to: null, subject: null, html: null, text: null };
    told.messages.push({ ...placeOfRun(stage, run), step: effect.step, at, ...about, ...nothing });
  }
}

/** The first reason stays, as it does in the engine. */
function keepSuppressions({ suppressed }: Telling, { changes }: Decision): void {
  for (const change of changes) {
    if (change.kind !== "suppress") continue;
    const key = `${change.channel}|${change.address}`;
    if (!suppressed.has(key)) suppressed.set(key, change.reason);
  }
}

function addOutcome({ stage, told, eventNames }: Telling, outcome: Decision["outcomes"][number], now: Date): void {
  const { eventId, flowId, entry, reason, detail, runId } = outcome;
  const flow = stage.byId.get(flowId)?.definition.name ?? flowId;
  const about = { eventId, event: eventNames.get(eventId) ?? "", flow, flowId, entry, reason, detail, runId };
  told.outcomes.push({ at: now.toISOString(), outcome: outcome.outcome, ...about });
  if (reason === "loop_guard") stage.warnings.add(`The flow "${flow}" was not started again: loop guard.`);
}

/** Takes down an event that a flow made; it is put in line where some flow hears it. */
function addEvent(telling: Telling, event: Occurrence, isHeard: boolean): void {
  const { id, name, payload, acceptedAt } = event;
  telling.eventNames.set(id, name);
  telling.events.unshift({ name, payload, occurredAt: acceptedAt });
  telling.told.events.push({ id, at: acceptedAt.toISOString(), name, payload, source: "flow" });
  if (isHeard) telling.line.add(event);
}

function isCall({ effect }: Decision["effects"][number]): boolean {
  return effect.kind === "http";
}

type Asked = { effect: Decision["effects"][number]["effect"]; now: Date };

function perform(telling: Telling, run: Run, asked: Asked): void {
  if (asked.effect.kind === "http") call(telling, run, asked);
  else send(telling, run, asked);
}
