import type { IdentityKind } from "../contact.ts";
import type { Issue } from "../errors.ts";
import type { CompiledEntry, CompiledFlow } from "../flow/compile.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import type { JsonObject } from "../json.ts";
import type { ReadEventInput } from "./story-schema.ts";

/** What an event says of the flow it is meant for, and what the body of a call says of its contact. */
export type ReadCallEvent = {
  name: string;
  target: { flowId: string; entry?: string } | null;
  identity: Partial<Record<IdentityKind, string>>;
  properties: JsonObject;
  joinList: string | null;
  /** The variables of a start, in place of what the event brought. */
  payload?: JsonObject;
  issues: Issue[];
};

type Place = { flows: readonly CompiledFlow[]; path: string };

/** Reads whom an event is meant for; when it has no name, it is a call to the address of the entry, with the payload as its body, or a start with its variables. */
export function readCall(event: ReadEventInput, { flows, path }: Place): ReadCallEvent {
  const { entry, name } = event;
  const wanted = event.flow ?? event.flowId;
  const nothing = { name: name ?? "", target: null, identity: {}, properties: {}, joinList: null };
  const refuse = (field: string, message: string) => ({
    ...nothing,
    issues: [{ path: `${path}.${field}`, message }],
  });
  if (entry === undefined && wanted === undefined) return { ...nothing, issues: [] };
  const flow = wanted === undefined ? flowWith(flows, entry) : flowNamed(flows, wanted);
  if (!flow)
    return refuse(wanted === undefined ? "entry" : "flow", "names none, or more than one, of the flows simulated");
  const found = flow.entries.find((candidate) => candidate.name === entry);
  if (entry !== undefined && !found) return refuse("entry", `the flow "${flow.definition.name}" has no such entry`);
  const target = entry === undefined ? { flowId: flow.id } : { flowId: flow.id, entry };
  if (name !== undefined || !found) return { ...nothing, target, issues: [] };
  const read = nameless(found, flow.id, { ...event, path });
  return read
    ? { ...read, target }
    : refuse("name", `must be there: the entry "${entry}" is neither a call nor a start`);
}

/** A contact that is named beside the body of a call need not be in it. */
function nameless(
  entry: CompiledEntry,
  flowId: string,
  { payload, contact, path }: Pick<ReadEventInput, "payload" | "contact"> & { path: string },
): Omit<ReadCallEvent, "target"> | null {
  const call = callOf(entry, payload);
  const read = call ?? startOf(entry, flowId, payload);
  if (!read) return null;
  const issues = read.issues.map((issue) => ({ ...issue, path: `${path}.payload.${issue.path}` }));
  return { ...read, issues: call && contact !== undefined ? [] : issues };
}

function flowWith(flows: readonly CompiledFlow[], entry: string | undefined): CompiledFlow | undefined {
  const [flow, ...more] = flows.filter(({ entries }) => entries.some(({ name }) => name === entry));
  return more.length === 0 ? flow : undefined;
}

/** The one flow of this name or id. */
export function flowNamed(flows: readonly CompiledFlow[], wanted: string): CompiledFlow | undefined {
  const [flow, ...more] = flows.filter(({ id, definition }) => id === wanted || definition.name === wanted);
  return more.length === 0 ? flow : undefined;
}

function callOf({ kind, config }: CompiledEntry, body: JsonObject) {
  if (!kind.call) return null;
  const { event, list } = kind.call.settings(config);
  const { identity, properties, issues } = kind.call.read(config, body);
  return { name: event, identity, properties, joinList: list, issues };
}

function startOf({ kind, config }: CompiledEntry, flowId: string, given: JsonObject) {
  if (!kind.start) return null;
  const { variables, issues } = kind.start.read(config, given);
  const name = occurrenceName.start(flowId);
  return { name, payload: variables, identity: {}, properties: {}, joinList: null, issues };
}
