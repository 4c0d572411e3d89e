import { readContactChange } from "../contact-change.ts";
import type { Issue } from "../errors.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import { flowNamed, type ReadCallEvent } from "./read-call.ts";
import type { Arrival, ArrivedEvent, Subject } from "./simulation.ts";
import { type ReadEventInput, readLists } from "./story-schema.ts";

export type ReadHappening = Pick<Arrival, "event" | "report"> &
  Pick<Arrival["change"], "lists" | "write"> & { issues: Issue[] };

type Place = { call: ReadCallEvent; subject: Subject; flows: readonly CompiledFlow[]; path: string };

const nothing = { event: null, report: null, lists: {}, write: null, issues: [] };

/** Reads what happens to a contact: an event, a call or a start, a write of the contact, a message from it, or news of one to it. */
export function readHappening(given: ReadEventInput, place: Place): ReadHappening {
  const { change, inbound, message } = given;
  if (change) return readChange(change, place);
  if (inbound) return { ...nothing, event: inboundOf(inbound, place.subject) };
  if (message) return readReport(message, place);
  const { name, target, joinList, payload = given.payload } = place.call;
  return {
    ...nothing,
    event: { name: given.name ?? name, payload, target },
    lists: joinList === null ? {} : { [joinList]: "subscribed" },
  };
}

function readChange({ lists, ...change }: NonNullable<ReadEventInput["change"]>, { path }: Place): ReadHappening {
  const write = readContactChange(change, { required: false });
  const issues = write.issues.map((issue) => ({ ...issue, path: `${path}.change.${issue.path}` }));
  return { ...nothing, write, lists: readLists(lists), issues };
}

function inboundOf(
  { channel, text }: NonNullable<ReadEventInput["inbound"]>,
  { contact, arrivals }: Subject,
): ArrivedEvent {
  const kind = channel === "email" ? "email" : "phone";
  const from = contact[kind] ?? arrivals.map(({ change }) => change.identity[kind]).find(Boolean) ?? "";
  return { name: occurrenceName.inbound, payload: { channel, text, from }, target: null };
}

function readReport(report: NonNullable<ReadEventInput["message"]>, { flows, path }: Place): ReadHappening {
  const flow = report.flow === undefined ? null : flowNamed(flows, report.flow);
  const issues: Issue[] = [];
  if (flow === undefined) issues.push({ path: `${path}.message.flow`, message: "is none of the flows simulated" });
  if (report.link !== undefined && report.event !== "clicked")
    issues.push({ path: `${path}.message.link`, message: "can only be clicked" });
  const about = { flowId: flow?.id ?? null, step: report.step ?? null, link: report.link ?? null };
  return { ...nothing, report: { type: report.event, ...about }, issues };
}
