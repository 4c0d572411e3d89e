import { applyChange, type Contact, contactScope, identityKinds, mergeProperties } from "../contact.ts";
import type { PastEvent, PastMessageEvent } from "../flow/activity.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import type { ContactState, DecideContext, Work } from "../flow/decide.ts";
import type { Run } from "../flow/run.ts";
import type { Occurrence } from "../flow/step-kind.ts";
import type { Tick } from "./clock-entries.ts";
import { Line } from "./line.ts";
import type { Arrival, Place, SimulatedContact, SimulationInput, Subject } from "./simulation.ts";

/** What all contacts of a simulation share. */
export type Stage = {
  input: SimulationInput;
  /** The instant that is being told. */
  clock: { now: Date };
  flows: DecideContext["flows"];
  byId: ReadonlyMap<string, CompiledFlow>;
  ticks: readonly Tick[];
  newId: (lane: number) => string;
  warnings: Set<string>;
  /** Entries of trails so far. */
  steps: number;
  isCut: boolean;
};

type Later<What> = What & { at: Date };

/** The story of one contact while it is told: how it stands, what is still to come, and what was seen so far. */
export type Telling = {
  stage: Stage;
  state: ContactState;
  line: Line;
  arrivals: Arrival[];
  ticks: Tick[];
  answers: Later<{ work: Work }>[];
  later: Later<{ occurrence: Omit<Occurrence, "acceptedAt">; past: PastMessageEvent }>[];
  events: PastEvent[];
  messages: PastMessageEvent[];
  called: Map<unknown, number>;
  /** Addresses that are not written to any more, as `channel|address`, with the reason. */
  suppressed: Map<string, string>;
  /** The runs of the contact, as they are by now. */
  runs: Map<string, Run>;
  eventNames: Map<string, string>;
  told: Omit<SimulatedContact, "runs" | "contact">;
};

/** The story of a contact before it begins. */
export function beginTelling(stage: Stage, { contact, arrivals, suppressed = new Map() }: Subject): Telling {
  const { id, externalId, email, phone } = contact;
  return {
    stage,
    state: { contact, runs: new Map(), admissions: new Map() },
    line: new Line(),
    arrivals: [...arrivals],
    ticks: [...stage.ticks],
    answers: [],
    later: [],
    events: [],
    messages: [],
    called: new Map(),
    suppressed: new Map(suppressed),
    runs: new Map(),
    eventNames: new Map(),
    told: {
      ...{ id, externalId, email, phone, path: [], steps: [], messages: [], calls: [], events: [], outcomes: [] },
    },
  };
}

/** The contact with what an arrival brings of it: missing identities are filled, properties laid over, a list joined. */
export function changedBy(contact: Contact, { change }: Arrival): Contact {
  const { identity, properties, joinList } = change;
  const filled = identityKinds.filter((kind) => contact[kind] === null && identity[kind] !== undefined);
  let changed = contact;
  if (filled.length > 0) changed = { ...changed, ...Object.fromEntries(filled.map((kind) => [kind, identity[kind]])) };
  if (Object.keys(properties).length > 0)
    changed = { ...changed, properties: mergeProperties(changed.properties, properties) };
  if (joinList !== null)
    changed = applyChange(changed, { kind: "set-membership", listId: joinList, state: "subscribed" });
  return changed;
}

/** Where a run belongs, by names that people know. */
export function placeOfRun({ byId }: Stage, { id, flowId, version }: Run): Place {
  return { flow: byId.get(flowId)?.definition.name ?? flowId, flowId, version, runId: id };
}

/** What was seen of the contact, from beginning to end. */
export function endTelling({ stage, state, runs, told }: Telling): SimulatedContact {
  const { externalId, email, phone } = state.contact;
  return {
    ...told,
    ...{ externalId, email, phone },
    runs: [...runs.values()].map((run) => ({
      ...placeOfRun(stage, run),
      entry: run.entry,
      key: run.key,
      status: run.status,
      step: run.step,
      reason: run.reason,
      startedAt: run.startedAt.toISOString(),
      endedAt: run.endedAt?.toISOString() ?? null,
      wakeAt: run.wakeAt?.toISOString() ?? null,
      vars: run.vars,
    })),
    contact: contactScope(state.contact),
  };
}
