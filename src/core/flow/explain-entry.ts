import type { Json } from "../json.ts";
import { isJsonObject } from "../json.ts";
import { type NamesById, occurrenceWords } from "./occurrence-words.ts";
import type { RunStatus } from "./run.ts";

/** What is on record about a contact and a flow. Lists are newest first. */
export type EntryRecord = {
  flow: { name: string; status: "draft" | "active" | "paused" | "archived"; version: number | null };
  entries: readonly { name: string; listensTo: readonly string[] }[];
  events: readonly {
    name: string;
    acceptedAt: Date;
    queued: boolean;
    pending: boolean;
    outcomes: readonly {
      outcome: "started" | "not_started" | "exited";
      reason: string | null;
      detail: Json;
      runId: string | null;
    }[];
  }[];
  runs: readonly {
    id: string;
    status: RunStatus;
    step: string | null;
    reason: string | null;
    startedAt: Date;
    wakeAt: Date | null;
    endedAt: Date | null;
  }[];
  admissions: readonly { key: string | null; lastAt: Date; opensAt: Date | null | "never" }[];
  /** What lists and segments are called. */
  names?: NamesById;
};

/** Says in sentences why a contact entered a flow, or did not: `summary` answers the question, `facts` are the record behind it. */
export function explainEntry(record: EntryRecord): { summary: string; facts: string[] } {
  const facts = [
    stateFact(record),
    ...entryFacts(record),
    ...eventFacts(record),
    ...record.runs.map(runFact),
    ...record.admissions.map(admissionFact),
  ];
  return { summary: summarize(record), facts };
}

function summarize(record: EntryRecord): string {
  const [run] = record.runs;
  const live = record.runs.find(({ endedAt }) => endedAt === null);
  if (live) return `The contact is in the flow: ${runFact(live)}`;
  const [event] = record.events;
  const refused = event?.outcomes.find(({ outcome }) => outcome === "not_started");
  if (run && !refused) return `The contact was in the flow: ${runFact(run)}`;
  if (record.flow.version === null) return "The contact did not enter: the flow was never published.";
  if (!event)
    return `The contact did not enter: none of the events that the flow listens to (${namesOf(record) || "none"}) is on record for it.`;
  return `The contact did not enter: ${eventFact(event, record.names)}`;
}

function stateFact({ flow }: EntryRecord): string {
  if (flow.version === null) return `The flow "${flow.name}" was never published.`;
  return `The flow "${flow.name}" is ${flow.status}; its published version is ${flow.version}.`;
}

function entryFacts({ entries, names }: EntryRecord): string[] {
  return entries.map(({ name, listensTo }) => `The entry "${name}" listens to ${inWords(listensTo, names)}.`);
}

function inWords(listensTo: readonly string[], names: NamesById | undefined): string {
  return [...new Set(listensTo.map((name) => occurrenceWords(name, names) ?? name))].join(", ");
}

function eventFacts(record: EntryRecord): string[] {
  if (record.events.length > 0) return record.events.map((event) => eventFact(event, record.names));
  const names = namesOf(record);
  return names === "" ? [] : [`Nothing of the contact is on record of what the flow listens to: ${names}.`];
}

function namesOf({ entries, names }: EntryRecord): string {
  return inWords(
    entries.flatMap(({ listensTo }) => listensTo),
    names,
  );
}

function eventFact(
  { name, acceptedAt, queued, pending, outcomes }: EntryRecord["events"][number],
  names: NamesById | undefined,
): string {
  const words = occurrenceWords(name, names);
  const at = acceptedAt.toISOString();
  const about =
    words === null ? `The event ${name} of ${at}` : `${words.slice(0, 1).toUpperCase()}${words.slice(1)} at ${at}`;
  if (!queued) return `${about} came when no flow listened to it.`;
  if (pending) return `${about} waits to be handled.`;
  if (outcomes.length === 0) return `${about} came when this flow did not listen to it.`;
  return `${about} ${outcomes.map(outcomePart).join(", and ")}.`;
}

function outcomePart({ outcome, reason, detail, runId }: EntryRecord["events"][number]["outcomes"][number]): string {
  if (outcome === "started") return `started the run ${runId}`;
  if (outcome === "exited") return `ended the run ${runId} by an exit rule`;
  return `started nothing: ${reasonPart(reason ?? "unknown", detail)}`;
}

const reasons: Readonly<Record<string, string>> = {
  meant_for_another_flow: "it was meant for another flow",
  other_event: "no entry takes an event of that name",
  other_entry: "it was meant for another entry",
  flow_paused: "the flow was paused",
  flow_archived: "the flow was archived",
  other_value: "the property did not get the value that the entry asks for",
  other_value_before: "the property did not have the value before that the entry asks for",
  segment_redefined: "the contact did not change, the definition of the segment did",
  other_channel: "it was on another channel",
  other_message: "it was another message",
  other_link: "it was another link",
  no_keyword: "the message had none of the keywords",
  variables_invalid: "the variables it came with are not those that the entry declares",
  daily_cap: "as many contacts as the flow takes in a day had entered that day",
  condition_not_met: "the condition of the entry did not hold",
  already_running: "the contact was in the flow already",
  entered_before: "the contact may enter only once, and had entered before",
  entered_too_recently: "the contact had entered too short a time before",
  loop_guard: "too many flows had started each other without a pause",
  key_empty: "the key of the re-entry rule came out empty",
  contact_deleted: "the contact was deleted",
  internal_error: "an error on our side; the log has it under the contact's id",
};

function reasonPart(reason: string, detail: Json): string {
  const sentence = reasons[reason] ?? reason;
  const key = isJsonObject(detail) ? detail["key"] : undefined;
  return typeof key === "string" ? `${sentence} (key "${key}")` : sentence;
}

function runFact({ id, status, step, reason, startedAt, wakeAt, endedAt }: EntryRecord["runs"][number]): string {
  const began = `the run ${id} began ${startedAt.toISOString()}`;
  const place = step === null ? "" : ` at the step "${step}"`;
  if (endedAt)
    return `${began} and ${status === "failed" || status === "cancelled" ? `was ended as ${status}` : status}${place} ${endedAt.toISOString()}${reason === null ? "" : ` (${reason})`}.`;
  return `${began} and is ${status}${place}${wakeAt === null ? "" : ` until ${wakeAt.toISOString()}`}.`;
}

function admissionFact({ key, lastAt, opensAt }: EntryRecord["admissions"][number]): string {
  const entered = `The contact last entered ${lastAt.toISOString()}${key === null ? "" : ` under the key "${key}"`}`;
  if (opensAt === "never") return `${entered}, and may not enter again.`;
  return opensAt === null
    ? `${entered}, and may enter again at any time.`
    : `${entered}, and may enter again from ${opensAt.toISOString()}.`;
}
