import { changeContact } from "../contact-change.ts";
import { changeOccurrences, isChanged } from "../flow/change-occurrences.ts";
import { decide, type Work } from "../flow/decide.ts";
import { priorities } from "../flow/priority.ts";
import type { Occurrence } from "../flow/step-kind.ts";
import { startOf } from "./clock-entries.ts";
import { countStarted, roomOf } from "./daily-starts.ts";
import { keepDecision } from "./keep-decision.ts";
import { handOver, hearOfMessages, report } from "./messages.ts";
import { keepSegments, tellTouched } from "./segments.ts";
import type { Arrival, ArrivedEvent, SimulatedEvent } from "./simulation.ts";
import { changedBy, isWatched, type Telling } from "./telling.ts";

/** When something is due next for a contact: at `present`, while anything is; null when nothing is to come. */
export function nextInstant(telling: Telling, present?: Date): Date | null {
  const { line, arrivals, world, state, checkAt } = telling;
  if (!line.isEmpty && present) return present;
  let next = Number.POSITIVE_INFINITY;
  const consider = (at: Date | null | undefined) => {
    if (at && at.getTime() < next) next = at.getTime();
  };
  consider(arrivals[0]?.at);
  consider(telling.stage.ticks[telling.nextTick]?.to);
  consider(checkAt);
  for (const { at } of world) consider(at);
  for (const run of state.runs.values()) consider(run.wakeAt);
  if (next === Number.POSITIVE_INFINITY) return null;
  // A run that is due since before is due now: time does not go back.
  return new Date(Math.max(next, present?.getTime() ?? next));
}

/** Everything that is due for a contact at an instant, decided at once as a pass of the engine does; what comes of it is met in the next one. */
export function pass(telling: Telling, now: Date): void {
  const { stage, state, line } = telling;
  // What flows made happen is met before the world has had time to answer.
  const answers = line.isEmpty ? hearTheWorld(telling, now) : [];
  for (const arrival of takeUntil(telling.arrivals, now)) arrive(telling, arrival);
  tick(telling, now);
  const due = [...state.runs.values()].filter(({ wakeAt }) => wakeAt !== null && wakeAt <= now);
  const taken = line.take(due);
  const work: Work[] = [...answers, ...taken.work];
  const isDue = telling.checkAt !== null && telling.checkAt <= now;
  const activity = { events: [...telling.events], messages: [...telling.messages] };
  state.activity = activity;
  state.contact = { ...state.contact, activity };
  const { workspace } = stage.input;
  const day = { started: stage.started, now, timeZone: workspace.timeZone };
  const room = roomOf(stage.capped, day);
  const decision = decide(state, work, { workspace, flows: stage.flows, now, newId: stage.newId, room });
  const begun = [...decision.runs.values()].flatMap(({ run, isNew }) => (isNew ? [run] : []));
  if (stage.capped.length > 0) countStarted(begun, day);
  keepDecision(telling, decision, now);
  const { sent, runs } = telling;
  stage.tests.take({ contactId: state.contact.id, work, decision, flows: stage.flows, sent, runs, now });
  keepSegments(telling, { work, isDue, isChange: taken.hasItems, depth: taken.depth, now });
  tellTouched(telling, decision, taken.depth);
}

/** One thing that the world does, with what comes of it at once. */
function hearTheWorld(telling: Telling, now: Date): Work[] {
  const { world } = telling;
  const due = world.filter(({ at }) => at <= now).sort((one, other) => one.at.getTime() - other.at.getTime());
  const [next] = due;
  if (!next) return [];
  world.splice(world.indexOf(next), 1);
  if (next.kind === "answer") return [next.work];
  if (next.kind === "news") hearOfMessages(telling, [next]);
  else hearOfMessages(telling, handOver(telling, next.mail, now));
  return [];
}

/** Takes out, in order of time, what is due. */
function takeUntil<Item extends { at: Date }>(items: Item[], now: Date): Item[] {
  const due = items.filter(({ at }) => at <= now);
  if (due.length === 0) return due;
  const left = items.filter(({ at }) => at > now);
  items.splice(0, items.length, ...left);
  return due.sort((one, other) => one.at.getTime() - other.at.getTime());
}

function tick(telling: Telling, now: Date): void {
  const { stage, state } = telling;
  for (
    let next = stage.ticks[telling.nextTick];
    next && next.to <= now;
    telling.nextTick += 1, next = stage.ticks[telling.nextTick]
  ) {
    const start = startOf(next, state.contact, stage.input.workspace);
    if (start) add(telling, start, { at: next.to, source: "clock", priority: priorities.low });
  }
}

/**
 * What comes from outside changes the contact as it is recorded; the events of the change stand right behind the event that brought it, and
 * behind them that the contact is to be looked at, where somebody wants to know.
 */
function arrive(telling: Telling, { at, change, event, report: reported }: Arrival): void {
  const { state, stage } = telling;
  const before = state.contact;
  const laid = changedBy(before, change);
  state.contact = change.write ? changeContact(laid, change.write).contact : laid;
  if (event) add(telling, event, { at, source: "given" });
  const set = Object.keys({ ...change.properties, ...change.write?.input.properties });
  const { hears } = stage.flows;
  for (const made of changeOccurrences(before, state.contact, { hears, set }))
    add(telling, { ...made, target: null }, { at, source: "change" });
  if (reported) report(telling, reported, at);
  const isOther = isChanged(before, state.contact) || isSet(before, state.contact) || telling.isNew;
  telling.isNew = false;
  if (isOther && isWatched(stage)) telling.line.add({ kind: "changed", priority: priorities.normal, depth: 0 });
}

type Settings = Telling["state"]["contact"];

function isSet(before: Settings, after: Settings): boolean {
  return (["externalId", "email", "phone", "timeZone", "locale"] as const).some((name) => before[name] !== after[name]);
}

type Manner = { at: Date; source: SimulatedEvent["source"]; priority?: Occurrence["priority"] };

function add(
  telling: Telling,
  { name, payload, target }: ArrivedEvent,
  { at, source, priority = priorities.normal }: Manner,
): void {
  const { stage, state, line } = telling;
  const id = stage.newId(state.contact.lane);
  telling.eventNames.set(id, name);
  telling.events.unshift({ name, payload, occurredAt: at });
  telling.told.events.push({ id, at: at.toISOString(), name, payload, source });
  if (stage.flows.hears(name)) line.add({ id, name, payload, acceptedAt: at, target, depth: 0, priority });
}
