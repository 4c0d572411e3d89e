import { AppError } from "../core/errors.ts";
import { type PlayInput, play } from "../core/simulate/play.ts";
import type { Simulation } from "../core/simulate/simulation.ts";
import { findContacts } from "../storage/contact-reads.ts";
import { listEventRows } from "../storage/event-reads.ts";
import { loadMemberships } from "../storage/memberships.ts";
import { loadSegments } from "../storage/segment-members.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter } from "./read-filter.ts";
import { refuseSimulation, requireDefinition, requireWorkspace } from "./simulated-flow.ts";

/** `recorded` takes the last events of a contact, or of the workspace, instead of `events`. */
export type SimulateInput = {
  id: string;
  version?: number | undefined;
  contacts?: unknown[] | undefined;
  events?: unknown[] | undefined;
  recorded?: { contactId?: string | undefined; last: number } | undefined;
  answers?: unknown;
  now?: Date | undefined;
  until?: Date | undefined;
};

/** `timeMs` is how long it may take: nothing else is answered meanwhile. */
const bounds = { events: 1000, contacts: 1000, timeMs: 500, limits: { steps: 20_000, ticks: 1000 } } as const;
// These are made anew by the flow in the simulation, or tell of what it does not see.
const madeHere = new Set(["flow", "change", "message", "segment"]);

/**
 * Plays the draft of a flow, or a version, over given or recorded events. Sends and stores nothing. Recorded events meet their contacts as they
 * are now. Throws `invalid_flow` when the flow cannot run, `invalid_request` when the story makes no sense.
 */
export async function simulateFlow(platform: Platform, caller: Caller, input: SimulateInput): Promise<Simulation> {
  requireScope(caller, "flows:read");
  refuseTooMuch(input);
  const { answers, now = null, until = null } = input;
  const [flow, workspace, story] = await Promise.all([
    requireDefinition(platform, caller, input),
    requireWorkspace(platform, caller),
    storyOf(platform, caller, input),
  ]);
  const deadline = performance.now() + bounds.timeMs;
  const { limits } = bounds;
  const mayGoOn = () => performance.now() < deadline;
  const { registry } = platform;
  const segments = platform.flows.segments(caller.workspaceId);
  const about = { registry, workspace, segments, answers, now, until, limits, mayGoOn };
  const played = play({ flows: [flow], ...story, ...about });
  return played.ok ? played.simulation : refuseSimulation(played.issues);
}

function refuseTooMuch({ events = [], contacts = [], recorded }: SimulateInput): void {
  const issues = [
    { path: "events", count: events.length, limit: bounds.events },
    { path: "contacts", count: contacts.length, limit: bounds.contacts },
    { path: "recorded.last", count: recorded?.last ?? 0, limit: bounds.events },
  ]
    .filter(({ count, limit }) => count > limit)
    .map(({ path, limit }) => ({ path, message: `must be at most ${limit}` }));
  if (recorded && events.length > 0) issues.push({ path: "recorded", message: "must not stand beside events" });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
}

type Story = Pick<PlayInput, "contacts" | "events">;

async function storyOf(platform: Platform, caller: Caller, input: SimulateInput): Promise<Story> {
  const { recorded, contacts = [], events = [] } = input;
  if (!recorded) return { contacts, events };
  // What is on record is shown in the result.
  for (const scope of ["events:read", "contacts:read"] as const) requireScope(caller, scope);
  const { sql } = platform;
  const { workspaceId } = caller;
  const contactId = idFilter(recorded.contactId, "recorded.contactId");
  const rows = await listEventRows(sql, {
    ...{ workspaceId, contactId, names: null, since: null, until: null, before: null, limit: recorded.last },
  });
  const own = rows.filter(({ source }) => !madeHere.has(source)).reverse();
  const known = await contactsOf(platform, caller, [...new Set(own.map((row) => row.contactId))]);
  const ids = new Set(known.map(({ id }) => id));
  return {
    contacts: known,
    events: own
      .filter((row) => ids.has(row.contactId))
      .map(({ name, payload, acceptedAt, contactId: id, targetFlowId, targetEntry }) => ({
        ...{ name, payload, at: acceptedAt.toISOString(), contact: { id } },
        // An event for another flow is nothing to this one.
        ...(targetFlowId === null ? {} : { flow: targetFlowId }),
        ...(targetEntry === null ? {} : { entry: targetEntry }),
      })),
  };
}

async function contactsOf({ sql }: Platform, { workspaceId }: Caller, ids: string[]) {
  const rows = await findContacts(sql, { workspaceId, ids });
  const [memberships, segments] = await Promise.all([loadMemberships(sql, rows), loadSegments(sql, rows)]);
  return rows.map(({ lane: _, workspaceId: __, createdAt, updatedAt: ___, ...contact }) => ({
    ...contact,
    lists: Object.fromEntries(
      memberships.filter(({ contactId }) => contactId === contact.id).map(({ listId, state }) => [listId, state]),
    ),
    segments: segments.get(contact.id) ?? [],
    createdAt: createdAt.toISOString(),
  }));
}
