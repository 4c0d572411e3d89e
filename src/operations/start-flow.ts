import { type Audience, audienceIssues } from "../core/audience.ts";
import type { IdentityInput } from "../core/contact-input.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { payloadIssues } from "../core/event-input.ts";
import type { CompiledEntry } from "../core/flow/compile.ts";
import { type PriorityName, priorities } from "../core/flow/priority.ts";
import { sharedVariablesIssues } from "../core/flow/variables.ts";
import type { JsonObject } from "../core/json.ts";
import { insertBroadcast } from "../storage/broadcasts.ts";
import type { FlowRow } from "../storage/flows.ts";
import { type BroadcastView, viewBroadcast } from "./broadcast-view.ts";
import { requireVersion } from "./current-flow.ts";
import { requireFlow } from "./flow-view.ts";
import { audienceReferences, missingIssues } from "./missing-references.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { type StartResult, startContacts } from "./start-contacts.ts";

/** A contact by its id, or by identities. */
export type ContactChoice = IdentityInput & { id?: string | undefined };

/** Exactly one of `contact`, `contacts`, `list`, `segment` and `where` says whom to start. */
export type StartInput = {
  id: string;
  entry?: string | undefined;
  variables?: JsonObject | undefined;
  priority?: PriorityName | undefined;
} & StartTarget;

type StartTarget = {
  contact?: ContactChoice | undefined;
  contacts?: readonly ContactChoice[] | undefined;
  list?: string | undefined;
  segment?: string | undefined;
  where?: unknown;
};

/** What came of it: a result for each contact in the order given, or the broadcast that starts the audience. */
export type Started = { flowId: string; entry: string } & ({ results: StartResult[] } | { broadcast: BroadcastView });

/**
 * Starts a flow by one of its entries that the API can start. Contacts come with the id of the event that starts each; what it did is read by that
 * event. Throws `flow_not_found`, `contact_not_found` (for one contact), `invalid_state` unless the flow is active, and `invalid_request`.
 */
export async function startFlow(platform: Platform, caller: Caller, input: StartInput): Promise<Started> {
  requireScope(caller, "runs:write");
  const { entries, flowId } = await openFlow(platform, caller, input.id);
  const target = readTarget(input);
  const entry = chooseEntry(entries, input.entry);
  const variables = readVariables(entry, input.variables ?? {});
  const about = { flowId, entry: entry.name };
  if ("contacts" in target) {
    refuseIf(payloadIssues(variables, "variables"));
    const { contacts, path } = target;
    const priority = priorities[input.priority ?? "normal"];
    const results = await startContacts(platform, caller, { ...about, contacts, path, variables, priority });
    return { ...about, results };
  }
  const start = { ...about, audience: target.audience, variables, priority: priorities[input.priority ?? "low"] };
  return { ...about, broadcast: await startAudience(platform, caller, start) };
}

/** What a start by the API of an active flow comes to: its entry, and the variables with their defaults. Throws as `startFlow` does. */
export async function prepareStart(
  platform: Platform,
  caller: Caller,
  { id, variables: given = {} }: { id: string; variables?: JsonObject | undefined },
): Promise<{ flowId: string; entry: string; variables: JsonObject }> {
  requireScope(caller, "runs:write");
  const { entries, flowId } = await openFlow(platform, caller, id);
  const entry = chooseEntry(entries, undefined);
  const variables = readVariables(entry, given);
  refuseIf(payloadIssues(variables, "variables"));
  return { flowId, entry: entry.name, variables };
}

async function openFlow(platform: Platform, { workspaceId }: Caller, ref: string) {
  const row = await requireFlow(platform.sql, workspaceId, ref);
  const version = requireActive(row);
  const { entries } = await requireVersion(platform.sql, platform.flows, { flowId: row.id, version });
  return { entries, flowId: row.id };
}

function requireActive({ status, version }: FlowRow): number {
  if (status === "active" && version !== null) return version;
  const why = version === null ? "it was never published" : `it is ${status}`;
  throw new AppError("invalid_state", `The flow lets nobody in: ${why}.`, { detail: { status } });
}

type Target = { contacts: readonly ContactChoice[]; path: "contact" | "contacts" } | { audience: Audience };

function readTarget({ contact, contacts, list, segment, where }: StartTarget): Target {
  const given = Object.entries({ contact, contacts, list, segment, where }).filter(([, value]) => value !== undefined);
  if (given.length !== 1)
    refuse([{ path: "", message: "must have exactly one of contact, contacts, list, segment and where" }]);
  if (contact) return { contacts: [contact], path: "contact" };
  if (contacts) return { contacts, path: "contacts" };
  return { audience: Object.fromEntries(given) as unknown as Audience };
}

function chooseEntry(entries: readonly CompiledEntry[], name: string | undefined): CompiledEntry {
  const startable = entries.filter(({ kind }) => kind.start !== undefined);
  const names = startable.map((entry) => entry.name).join(", ");
  const found = name === undefined ? startable : startable.filter((entry) => entry.name === name);
  const [entry] = found;
  if (entry && found.length === 1) return entry;
  if (startable.length === 0) return refuse([{ path: "entry", message: "the flow has no entry of kind start" }]);
  const message = name === undefined ? `must be one of ${names}: the flow has several` : `must be one of ${names}`;
  return refuse([{ path: "entry", message }]);
}

function readVariables({ kind, config }: CompiledEntry, given: JsonObject): JsonObject {
  const { variables, issues } = kind.start?.read(config, given) ?? { variables: given, issues: [] };
  refuseIf(issues.map(({ path, message }) => ({ path: `variables.${path}`, message })));
  return variables;
}

type AudienceStart = {
  flowId: string;
  entry: string;
  audience: Audience;
  variables: JsonObject;
  priority: (typeof priorities)[PriorityName];
};

async function startAudience(platform: Platform, caller: Caller, start: AudienceStart): Promise<BroadcastView> {
  const { audience, variables } = start;
  const { workspaceId } = caller;
  refuseIf(sharedVariablesIssues(variables, "variables"));
  refuseIf(audienceIssues(audience, ""));
  refuseIf(await missingIssues(platform.sql, workspaceId, audienceReferences(audience, "")));
  const row = await insertBroadcast(platform.sql, {
    ...{ ...start, id: newId(), workspaceId, cause: "api", state: "running", reason: null },
    ...{ windowFrom: null, windowTo: null, createdBy: caller.name, createdAt: platform.now() },
  });
  platform.wake();
  return viewBroadcast(row);
}

function refuseIf(issues: Issue[]): void {
  if (issues.length > 0) refuse(issues);
}

function refuse(issues: Issue[]): never {
  throw new AppError("invalid_request", undefined, { issues });
}
