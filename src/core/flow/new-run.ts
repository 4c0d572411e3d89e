import type { Contact } from "../contact.ts";
import type { CompiledEntry, CompiledFlow } from "./compile.ts";
import { priorities } from "./priority.ts";
import type { Run } from "./run.ts";
import type { Occurrence } from "./step-kind.ts";

type Beginning = {
  id: string;
  contact: Contact;
  occurrence: Occurrence;
  entry: CompiledEntry;
  key: string | null;
  now: Date;
};

/** A run that stands before the first step of the entry it came in by, due at once. */
export function newRun(flow: CompiledFlow, { id, contact, occurrence, entry, key, now }: Beginning): Run {
  return {
    id,
    lane: contact.lane,
    workspaceId: flow.workspaceId,
    flowId: flow.id,
    version: flow.version,
    contactId: contact.id,
    key,
    entry: entry.name,
    status: "active",
    step: entry.next,
    visit: 1,
    enteredAt: now,
    wakeAt: now,
    reason: null,
    eventId: occurrence.id,
    eventName: occurrence.name,
    eventAt: occurrence.acceptedAt,
    event: occurrence.payload,
    vars: {},
    steps: {},
    startedAt: now,
    endedAt: null,
    priority: flow.definition.priority === undefined ? occurrence.priority : priorities[flow.definition.priority],
    depth: occurrence.depth,
  };
}
