import { changeContact, readContactChange } from "../contact-change.ts";
import { readIdentity, readProperties } from "../contact-input.ts";
import type { Issue } from "../errors.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import { issuesOf, joinPath } from "../issues.ts";
import type { Json, JsonObject } from "../json.ts";
import { findJsonProblems } from "../json-problems.ts";
import { parseInstant } from "../time.ts";
import { type ReadCallEvent, readCall } from "./read-call.ts";
import { readHappening } from "./read-happening.ts";
import { Roster } from "./roster.ts";
import type { Arrival, Subject } from "./simulation.ts";
import { contactInput, eventInput, type ReadEventInput, readLists, storyLimits } from "./story-schema.ts";

/** Who and what, as JSON from outside. */
export type StoryInput = { contacts?: readonly unknown[]; events?: readonly unknown[] };

/** `from` is the first event, or the `now` that was given; `last` the last event. */
export type Story = { subjects: Subject[]; from: Date; last: Date };

type Reading = { roster: Roster; flows: readonly CompiledFlow[]; issues: Issue[]; now: Date };

/**
 * Reads contacts and events of a simulation, with every problem at its place (`events[3].contact.email`). `now` is the time of contacts, and of
 * events before the first that has a time of its own.
 */
export function readStory(
  { contacts = [], events = [] }: StoryInput,
  { flows, workspaceId, now }: { flows: readonly CompiledFlow[]; workspaceId: string; now: Date | null },
): { ok: true; story: Story } | { ok: false; issues: Issue[] } {
  const issues = sizeIssues(contacts, events);
  if (issues.length > 0) return { ok: false, issues };
  const from = now ?? firstTime(events) ?? new Date("2026-01-01T00:00:00Z");
  const reading = { roster: new Roster(workspaceId), flows, issues, now: from };
  contacts.forEach((contact, index) => {
    addContact(reading, contact, `contacts[${index}]`);
  });
  const read = timed(reading, events);
  for (const { event, at, path } of read) addEvent(reading, event, { at, path });
  if (issues.length > 0) return { ok: false, issues };
  const last = read.at(-1)?.at ?? from;
  return { ok: true, story: { subjects: reading.roster.subjects, from: first(read[0]?.at, from), last } };
}

function first(at: Date | undefined, from: Date): Date {
  return at && at < from ? at : from;
}

function sizeIssues(contacts: readonly unknown[], events: readonly unknown[]): Issue[] {
  const issues: Issue[] = [];
  for (const [path, list, limit] of [
    ["contacts", contacts, storyLimits.contacts],
    ["events", events, storyLimits.events],
  ] as const)
    if (list.length > limit) issues.push({ path, message: `must be at most ${limit}, are ${list.length}` });
  return issues;
}

function firstTime(events: readonly unknown[]): Date | null {
  const times = events.flatMap((event) => {
    const { at, occurredAt } = (event ?? {}) as { at?: unknown; occurredAt?: unknown };
    const text = at ?? occurredAt;
    return (typeof text === "string" && parseInstant(text)) || [];
  });
  return times.length === 0
    ? null
    : new Date(times.reduce((earliest, at) => Math.min(earliest, at.getTime()), Number.POSITIVE_INFINITY));
}

function addContact({ roster, issues, now }: Reading, value: unknown, path: string): void {
  const parsed = contactInput.safeParse(value);
  if (!parsed.success) {
    issues.push(...issuesOf(parsed.error, path));
    return;
  }
  const { id, lists, segments, createdAt, ...input } = parsed.data;
  const change = readContactChange(input, { required: id === undefined });
  const blank = roster.blank(createdAt === undefined ? now : (parseInstant(createdAt) ?? now), id);
  const changed = changeContact(blank, change);
  const found = [...change.issues, ...(id === undefined ? changed.issues : [])];
  issues.push(...found.map((issue) => ({ ...issue, path: joinUnder(path, issue.path) })));
  if (found.length > 0) return;
  const taken = roster.add({ ...changed.contact, lists: readLists(lists), ...(segments ? { segments } : {}) });
  if (taken) issues.push({ path: joinPath(path, [taken]), message: "belongs to an earlier contact" });
}

function joinUnder(path: string, rest: string): string {
  return rest === "" ? path : `${path}.${rest}`;
}

type Timed = { event: ReadEventInput; at: Date; path: string };

/** Events in order of time; one without a time comes right after the one before it. */
function timed({ issues, now }: Reading, events: readonly unknown[]): Timed[] {
  let at = now;
  const read = events.flatMap((value, index): Timed[] => {
    const path = `events[${index}]`;
    const parsed = eventInput.safeParse(value);
    if (!parsed.success) {
      issues.push(...issuesOf(parsed.error, path));
      return [];
    }
    const { data: event } = parsed;
    at = parseInstant(event.at ?? event.occurredAt ?? "") ?? at;
    return [{ event, at, path }];
  });
  return read.sort((one, other) => one.at.getTime() - other.at.getTime());
}

function addEvent(reading: Reading, event: ReadEventInput, { at, path }: { at: Date; path: string }): void {
  const { roster, issues } = reading;
  const read = readArrival(reading, event, path);
  issues.push(...read.issues);
  if (read.issues.length > 0) return;
  const { id, identity, properties, call } = read;
  const known = id === undefined ? undefined : roster.byId(id);
  if (id !== undefined && !known) {
    issues.push({ path: `${path}.contact.id`, message: "is not the id of a contact of this simulation" });
    return;
  }
  const subject = known ?? roster.resolve(identity, at);
  const happening = readHappening(event, { call, subject, flows: reading.flows, path });
  issues.push(...happening.issues);
  const { lists, write } = happening;
  const change = { identity, properties, lists, write };
  subject.arrivals.push({ at, change, event: happening.event, report: happening.report });
}

type ReadArrival = {
  id: string | undefined;
  identity: Arrival["change"]["identity"];
  properties: JsonObject;
  call: ReadCallEvent;
  issues: Issue[];
};

function readArrival({ flows }: Reading, event: ReadEventInput, path: string): ReadArrival {
  const contact = contactOf(event);
  const { id, properties: given = {}, ...named } = contact;
  const call = readCall(event, { flows, path });
  // A caller who names the contact beside the body knows better than the body.
  const isNamed = event.contact !== undefined;
  const identified = isNamed ? named : call.identity;
  const required = id === undefined && call.issues.length === 0;
  const { identity, issues } = readIdentity(identified, { path: `${path}.contact`, required });
  const properties = readProperties(given, `${path}.contact.properties`);
  return {
    id,
    identity,
    properties: { ...call.properties, ...properties.properties },
    call,
    issues: [...issues, ...properties.issues, ...call.issues, ...payloadIssues(event.payload, `${path}.payload`)],
  };
}

function contactOf({ contact = {} }: ReadEventInput): Exclude<ReadEventInput["contact"], string | undefined> {
  if (typeof contact !== "string") return contact;
  return contact.includes("@") ? { email: contact } : { externalId: contact };
}

function payloadIssues(payload: Json, path: string): Issue[] {
  const found = findJsonProblems(payload, { checkText: true });
  if (found.length > 0) return found.map((issue) => ({ ...issue, path: joinUnder(path, issue.path) }));
  if (JSON.stringify(payload).length <= storyLimits.payloadBytes) return [];
  return [{ path, message: `must be at most ${storyLimits.payloadBytes} characters of JSON` }];
}
