import type { IdentityKind } from "../contact.ts";
import type { Issue } from "../errors.ts";
import type { CompiledEntry, CompiledFlow } from "../flow/compile.ts";
import type { JsonObject } from "../json.ts";
import type { ReadEventInput } from "./story-schema.ts";

/** What an event says of the flow it is meant for, and what the body of a call says of its contact. */
export type ReadCallEvent = {
  name: string;
  target: { flowId: string; entry?: string } | null;
  identity: Partial<Record<IdentityKind, string>>;
  properties: JsonObject;
  joinList: string | null;
  issues: Issue[];
};

type Place = { flows: readonly CompiledFlow[]; path: string };

/** Reads whom an event is meant for; when it has no name, it is a call to the address of the entry, with the payload as its body. */
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
  const call = callOf(found, event.payload);
  if (!call) return refuse("name", `must be there: the entry "${entry}" has no address of its own`);
  const issues = call.issues.map((issue) => ({ ...issue, path: `${path}.payload.${issue.path}` }));
  return { ...call, target, issues: event.contact === undefined ? issues : [] };
}

function flowWith(flows: readonly CompiledFlow[], entry: string | undefined): CompiledFlow | undefined {
  const [flow, ...more] = flows.filter(({ entries }) => entries.some(({ name }) => name === entry));
  return more.length === 0 ? flow : undefined;
}

function flowNamed(flows: readonly CompiledFlow[], wanted: string): CompiledFlow | undefined {
  const [flow, ...more] = flows.filter(({ id, definition }) => id === wanted || definition.name === wanted);
  return more.length === 0 ? flow : undefined;
}

function callOf({ kind, config }: CompiledEntry, body: JsonObject) {
  if (!kind.call) return null;
  const { event, list } = kind.call.settings(config);
  const { identity, properties, issues } = kind.call.read(config, body);
  return { name: event, identity, properties, joinList: list, issues };
}
