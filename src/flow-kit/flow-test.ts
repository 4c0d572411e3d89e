import type { Issue } from "../core/errors.ts";
import type { WorkspaceFacts } from "../core/flow/workspace-facts.ts";
import type { Json } from "../core/json.ts";
import { play } from "../core/simulate/play.ts";
import type { SimulatedContact, Simulation } from "../core/simulate/simulation.ts";
import type { ContactInput, EventInput } from "../core/simulate/story-schema.ts";
import type { StubsInput } from "../core/simulate/stubs.ts";
import { parseInstant } from "../core/time.ts";
import { workspaceSettingsSchema } from "../core/workspace-settings.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";

/** What happens, and how the world answers. Instants are ISO 8601 texts. */
export type SimulateOptions = {
  contacts?: readonly ContactInput[];
  events?: readonly EventInput[];
  /** Answers of HTTP calls, and what becomes of messages. */
  answers?: StubsInput;
  /** When the story begins, for what has no time of its own. */
  now?: string;
  /** When it ends; a year after the last event unless it is given. */
  until?: string;
  /** What flows see of their workspace. */
  workspace?: { name?: string; timeZone?: string; settings?: object };
};

export type FlowSimulation = Simulation & {
  /** One contact, by external id, e-mail, phone or id. Throws when there is no such contact. */
  contact(key: string): SimulatedContact;
};

/** The flows or the story were refused; `issues` has every problem with its place. */
export class SimulationError extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)).join("\n"));
    this.name = "SimulationError";
    this.issues = issues;
  }
}

/**
 * Plays one or several flows over contacts and events in virtual time, as the server would, and says what came of it. Nothing is sent. Throws a
 * SimulationError when a flow could not be published or the story makes no sense.
 */
export function simulateFlow(flow: object | readonly object[], options: SimulateOptions = {}): FlowSimulation {
  const { contacts = [], events = [], answers, now, until, workspace = {} } = options;
  const definitions = Array.isArray(flow) ? flow : [flow];
  const played = play({
    flows: definitions.map((definition) => ({ definition: definition as Json })),
    registry: { steps: stepKinds, entries: entryKinds },
    workspace: workspaceOf(workspace),
    contacts,
    events,
    answers,
    now: instantOf("now", now),
    until: instantOf("until", until),
  });
  if (!played.ok) throw new SimulationError(played.issues);
  return { ...played.simulation, contact: (key) => find(played.simulation, key) };
}

function find({ contacts }: Simulation, key: string): SimulatedContact {
  const found = contacts.find(({ id, externalId, email, phone }) => [id, externalId, email, phone].includes(key));
  if (!found) throw new Error(`There is no contact "${key}" in the simulation.`);
  return found;
}

function instantOf(path: string, text: string | undefined): Date | null {
  if (text === undefined) return null;
  const at = parseInstant(text);
  if (!at) throw new SimulationError([{ path, message: "must be an ISO 8601 instant such as 2026-03-01T10:00:00Z" }]);
  return at;
}

function workspaceOf({ name = "Test", timeZone = "UTC", settings = {} }: NonNullable<SimulateOptions["workspace"]>) {
  const parsed = workspaceSettingsSchema.safeParse(settings);
  if (!parsed.success) throw new SimulationError([{ path: "workspace.settings", message: parsed.error.message }]);
  const facts: WorkspaceFacts = { id: "00000000-0000-7000-8000-000000000000", name, timeZone, settings: parsed.data };
  return facts;
}
