import type { CompiledFlow } from "../flow/compile.ts";
import type { FlowLookup } from "../flow/decide.ts";
import { withLane } from "../id.ts";
import { noSegments, type SegmentSet } from "../segment/segment-set.ts";
import { AbBook } from "./ab-book.ts";
import { Agenda } from "./agenda.ts";
import { ticksOf } from "./clock-entries.ts";
import { nextInstant, pass } from "./contact-pass.ts";
import { cappedFlows } from "./daily-starts.ts";
import type { Simulation, SimulationInput } from "./simulation.ts";
import { tallyOf } from "./tally.ts";
import { beginTelling, endTelling, type Stage, type Telling } from "./telling.ts";

/**
 * Plays flows over contacts and what happens to them, in virtual time and with `decide` as the engine does, and says what would come of it.
 * Nothing is sent and nothing is stored; the same input gives the same result. All contacts live in one time: they share tests, caps and rates.
 */
export function simulate(input: SimulationInput): Simulation {
  const stage = stageOf(input);
  const tellings = input.subjects.map((subject) => beginTelling(stage, subject));
  playAll(stage, tellings);
  if (stage.isCut) stage.warnings.add("The simulation was cut: it reached a limit of steps or time.");
  const contacts = tellings.map(endTelling);
  return {
    from: input.from.toISOString(),
    until: input.until.toISOString(),
    isCut: stage.isCut,
    contacts,
    counts: tallyOf(input.flows, contacts),
    warnings: [...stage.warnings],
  };
}

/** Takes each contact to its next instant, the earliest of all first. */
function playAll(stage: Stage, tellings: readonly Telling[]): void {
  const { until, limits, mayGoOn = () => true } = stage.input;
  const agenda = new Agenda<Telling>();
  const plan = (telling: Telling, place: number, present?: Date) => {
    const at = nextInstant(telling, present);
    if (at !== null && at <= until) agenda.add({ at: at.getTime(), place, what: telling });
  };
  for (const [place, telling] of tellings.entries()) plan(telling, place);
  for (let next = agenda.take(); next; next = agenda.take()) {
    stage.isCut ||= stage.steps >= limits.steps || !mayGoOn();
    if (stage.isCut) return;
    const now = new Date(next.at);
    stage.tests.decide(now);
    pass(next.what, now);
    plan(next.what, next.place, now);
  }
}

function stageOf(input: SimulationInput): Stage {
  const { flows, from, until, workspace, limits, segments = noSegments, started = new Map() } = input;
  const span = { from, until, timeZone: workspace.timeZone, limit: limits.ticks };
  const { ticks, isCut } = ticksOf(flows, span);
  const warnings = new Set<string>();
  if (isCut) warnings.add(`Flows that start by the clock were looked at ${limits.ticks} times, and then no more.`);
  if (segments === noSegments) for (const flow of flows) warnOfSegments(flow, warnings);
  let ids = 0;
  const tests = new AbBook(input, warnings);
  return {
    input,
    flows: { ...lookupOf(flows, segments), abStates: (flowId, step) => tests.stateOf(flowId, step) },
    byId: new Map(flows.map((flow) => [flow.id, flow])),
    ...{ segments, ticks, tests, warnings, started, capped: cappedFlows(flows) },
    sending: { counted: new Map(), buckets: new Map() },
    steps: 0,
    isCut: false,
    newId(lane) {
      ids += 1;
      // The last byte is for the lane.
      return withLane(`00000000-0000-7000-9000-${ids.toString(16).padStart(10, "0")}00`, lane);
    },
  };
}

function warnOfSegments({ definition, entries, reads }: CompiledFlow, warnings: Set<string>): void {
  const isBySegment = entries.some(({ kind, config }) => "segment" in (kind.schedule?.audience(config) ?? {}));
  if (isBySegment || reads.segments.size > 0)
    warnings.add(`"${definition.name}" asks for a segment: nobody is in one in a simulation that is not told of any.`);
}

/** Flows as the engine looks them up: by what they listen to, in the order of their ids. */
function lookupOf(given: readonly CompiledFlow[], segments: SegmentSet): FlowLookup {
  const flows = [...given].sort((one, other) => (one.id < other.id ? -1 : 1));
  const listening = new Map<string, CompiledFlow[]>();
  for (const flow of flows)
    for (const name of flow.listensTo) listening.set(name, [...(listening.get(name) ?? []), flow]);
  return {
    listening: (name) => listening.get(name) ?? [],
    hears: (name) => listening.has(name) || segments.hears(name),
    version: (flowId, version) => flows.find((flow) => flow.id === flowId && flow.version === version),
  };
}
