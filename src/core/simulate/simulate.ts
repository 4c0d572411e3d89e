import type { CompiledFlow } from "../flow/compile.ts";
import type { FlowLookup } from "../flow/decide.ts";
import { withLane } from "../id.ts";
import { abStatesOf } from "./ab-states.ts";
import { ticksOf } from "./clock-entries.ts";
import type { SimulatedContact, Simulation, SimulationInput } from "./simulation.ts";
import { tallyOf } from "./tally.ts";
import { tellContact } from "./tell-contact.ts";
import type { Stage } from "./telling.ts";

/**
 * Plays flows over contacts and what happens to them, in virtual time and with `decide` as the engine does, and says what would come of it.
 * Nothing is sent and nothing is stored; the same input gives the same result. Contacts do not touch each other, so each is told to its end.
 */
export function simulate(input: SimulationInput): Simulation {
  const stage = stageOf(input);
  const contacts: SimulatedContact[] = [];
  for (const subject of input.subjects) {
    if (stage.isCut) break;
    contacts.push(tellContact(stage, subject));
  }
  if (stage.isCut) stage.warnings.add("The simulation was cut: it reached a limit of steps or time.");
  return {
    from: input.from.toISOString(),
    until: input.until.toISOString(),
    isCut: stage.isCut,
    contacts,
    counts: tallyOf(input.flows, contacts),
    warnings: [...stage.warnings],
  };
}

function stageOf(input: SimulationInput): Stage {
  const { flows, from, until, workspace, limits } = input;
  const span = { from, until, timeZone: workspace.timeZone, limit: limits.ticks };
  const { ticks, isCut } = ticksOf(flows, span);
  const warnings = new Set<string>();
  if (isCut) warnings.add(`Flows that start by the clock were looked at ${limits.ticks} times, and then no more.`);
  for (const flow of flows) warnOfSegments(flow, warnings);
  let ids = 0;
  const clock = { now: from };
  const lookup = lookupOf(flows);
  return {
    input,
    clock,
    flows: { ...lookup, abStates: abStatesOf({ input, clock, warnings }) },
    byId: new Map(flows.map((flow) => [flow.id, flow])),
    ticks,
    warnings,
    steps: 0,
    isCut: false,
    newId(lane) {
      ids += 1;
      // The last byte is for the lane.
      return withLane(`00000000-0000-7000-9000-${ids.toString(16).padStart(10, "0")}00`, lane);
    },
  };
}

function warnOfSegments({ definition, entries }: CompiledFlow, warnings: Set<string>): void {
  const isBySegment = entries.some(({ kind, config }) => "segment" in (kind.schedule?.audience(config) ?? {}));
  if (isBySegment)
    warnings.add(`"${definition.name}" starts for a segment by the clock: nobody is in a segment in a simulation.`);
}

/** Flows as the engine looks them up: by what they listen to, in the order of their ids. */
function lookupOf(given: readonly CompiledFlow[]): FlowLookup {
  const flows = [...given].sort((one, other) => (one.id < other.id ? -1 : 1));
  const listening = new Map<string, CompiledFlow[]>();
  for (const flow of flows)
    for (const name of flow.listensTo) listening.set(name, [...(listening.get(name) ?? []), flow]);
  return {
    listening: (name) => listening.get(name) ?? [],
    hears: (name) => listening.has(name),
    version: (flowId, version) => flows.find((flow) => flow.id === flowId && flow.version === version),
  };
}
