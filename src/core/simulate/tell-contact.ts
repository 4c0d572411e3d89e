import { changeOccurrences, isChanged } from "../flow/change-occurrences.ts";
import { decide, type Work } from "../flow/decide.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import { priorities } from "../flow/priority.ts";
import type { Occurrence } from "../flow/step-kind.ts";
import { startOf } from "./clock-entries.ts";
import { keepDecision } from "./keep-decision.ts";
import type { Arrival, SimulatedContact, SimulatedEvent, Subject } from "./simulation.ts";
import { beginTelling, changedBy, endTelling, type Stage, type Telling } from "./telling.ts";

/** Takes one contact through all that happens to it, instant by instant, as passes of the engine would. */
export function tellContact(stage: Stage, subject: Subject): SimulatedContact {
  const telling = beginTelling(stage, subject);
  const { until, limits, mayGoOn = () => true } = stage.input;
  for (let now = nextInstant(telling); now !== null && now <= until; now = nextInstant(telling, now)) {
    stage.isCut ||= stage.steps >= limits.steps || !mayGoOn();
    if (stage.isCut) break;
    stage.clock.now = now;
    pass(telling, now);
  }
  return endTelling(telling);
}

/** When something is due next: at `present`, while anything is. */
function nextInstant({ line, arrivals, ticks, answers, later, state }: Telling, present?: Date): Date | null {
  if (!line.isEmpty && present) return present;
  let next = Number.POSITIVE_INFINITY;
  const consider = (at: Date | null | undefined) => {
    if (at && at.getTime() < next) next = at.getTime();
  };
  consider(arrivals[0]?.at);
  consider(ticks[0]?.to);
  for (const { at } of answers) consider(at);
  for (const { at } of later) consider(at);
  for (const run of state.runs.values()) consider(run.wakeAt);
  if (next === Number.POSITIVE_INFINITY) return null;
  // A run that is due since before is due now: time does not go back.
  return new Date(Math.max(next, present?.getTime() ?? next));
}

/** Everything that is due at an instant, decided at once; what comes of it is met in the next pass. */
function pass(telling: Telling, now: Date): void {
  const { stage, state, line } = telling;
  // What flows made happen is met before the world has had time to answer.
  const answers = line.isEmpty ? takeUntil(telling.answers, now, ({ at }) => at).map(({ work }) => work) : [];
  if (line.isEmpty) hearOfMessages(telling, now);
  arrive(telling, now);
  for (const tick of takeUntil(telling.ticks, now, ({ to }) => to)) {
    const start = startOf(tick, state.contact, stage.input.workspace);
    if (start) add(telling, { ...start, at: tick.to, source: "clock", priority: priorities.low });
  }
  const due = [...state.runs.values()].filter(({ wakeAt }) => wakeAt !== null && wakeAt <= now);
  const work: Work[] = [...answers, ...line.take(due)];
  state.activity = { events: [...telling.events], messages: [...telling.messages] };
  const { workspace } = stage.input;
  keepDecision(telling, decide(state, work, { workspace, flows: stage.flows, now, newId: stage.newId }), now);
}

/** What became of messages meanwhile. As events it is told only where a flow listens. */
function hearOfMessages({ later, messages, eventNames, told, line, stage }: Telling, now: Date): void {
  for (const { at, occurrence, past } of takeUntil(later, now, (one) => one.at)) {
    messages.unshift(past);
    const { id, name, payload } = occurrence;
    if (!stage.flows.hears(name)) continue;
    eventNames.set(id, name);
    told.events.push({ id, at: at.toISOString(), name, payload, source: "message" });
    line.add({ ...occurrence, acceptedAt: at });
  }
}

/** Takes out, in order of time, what is due. */
function takeUntil<Item>(items: Item[], now: Date, atOf: (item: Item) => Date): Item[] {
  const due = items.filter((item) => atOf(item) <= now);
  if (due.length === 0) return due;
  const left = items.filter((item) => atOf(item) > now);
  items.splice(0, items.length, ...left);
  return due.sort((one, other) => atOf(one).getTime() - atOf(other).getTime());
}

/** What comes from outside changes the contact as it is recorded; the events of the change stand right behind the event that brought it. */
function arrive(telling: Telling, now: Date): void {
  const { state, stage, line } = telling;
  const { hears } = stage.flows;
  let hasChanged = false;
  for (const arrival of takeUntil(telling.arrivals, now, ({ at }) => at)) {
    const before = state.contact;
    state.contact = changedBy(before, arrival);
    const { at, name, payload, target, change } = arrival;
    add(telling, { name, payload, target, at, source: "given" });
    const set = Object.keys(change.properties);
    for (const made of changeOccurrences(before, state.contact, { hears, set }))
      add(telling, { name: made.name, payload: made.payload, target: null, at, source: "change" });
    hasChanged ||= isChanged(before, state.contact);
  }
  if (hasChanged && hears(occurrenceName.contactChanged)) line.add({ kind: "changed", priority: priorities.normal });
}

type New = Pick<Arrival, "name" | "payload" | "target" | "at"> & {
  source: SimulatedEvent["source"];
  priority?: Occurrence["priority"];
};

function add(telling: Telling, { name, payload, target, at, source, priority = priorities.normal }: New): void {
  const { stage, state, line } = telling;
  const id = stage.newId(state.contact.lane);
  telling.eventNames.set(id, name);
  telling.events.unshift({ name, payload, occurredAt: at });
  telling.told.events.push({ id, at: at.toISOString(), name, payload, source });
  if (stage.flows.hears(name)) line.add({ id, name, payload, acceptedAt: at, target, depth: 0, priority });
}
