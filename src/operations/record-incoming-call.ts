import { readIdentity, readProperties } from "../core/contact-input.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { payloadIssues } from "../core/event-input.ts";
import { fitProperties } from "../core/fit-properties.ts";
import type { CompiledEntry } from "../core/flow/compile.ts";
import type { CallSettings, EntryKind } from "../core/flow/step-kind.ts";
import { isUuid } from "../core/id.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { type CallAddress, findCallAddress } from "../storage/incoming-calls.ts";
import { findList, type ListRow } from "../storage/lists.ts";
import type { IncomingEvent } from "./incoming-event.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

export type IncomingCallInput = {
  token: string;
  body: JsonObject;
  client: Json;
  /** Whose API key came with the call, if any did. */
  caller: Caller | null;
  idempotency?: { key: string; hash: string } | undefined;
};

/** `flow` is the number of the flow. */
export type CallReceipt = {
  eventId: string;
  contactId: string;
  contactCreated: boolean;
  flow: number;
  replayed: boolean;
};

/**
 * Records a call to the address of a flow's entry as an event meant for that entry alone. Throws `entry_not_found` for an unknown address or
 * an entry that the published version no longer has, `unauthorized` when it wants an API key, `invalid_request` when nobody can be found in it.
 */
export async function recordIncomingCall(platform: Platform, input: IncomingCallInput): Promise<CallReceipt> {
  const address = /^[\w-]{32,128}$/.test(input.token) ? await findCallAddress(platform.sql, input.token) : undefined;
  const entry = address && (await entryOf(platform, address));
  if (!address || !entry?.kind.call) throw new AppError("entry_not_found");
  const settings = entry.kind.call.settings(entry.config);
  if (settings.auth === "api-key") requireCaller(input.caller, address);
  const event = await readCall(platform, { address, entry, call: entry.kind.call, settings, input });
  const idempotency = input.idempotency
    ? { idempotency: { ...input.idempotency, key: `${address.flowId}:${address.entry}:${input.idempotency.key}` } }
    : {};
  const { events, replayed } = await platform.recorder.add({
    workspaceId: address.workspaceId,
    events: [event],
    ...idempotency,
  });
  const [recorded] = events;
  if (!recorded) throw new Error("An incoming call was recorded as no event.");
  const { eventId, contactId, contactCreated } = recorded;
  return { eventId, contactId, contactCreated, flow: address.number, replayed };
}

async function entryOf(
  { flows, sql }: Platform,
  { flowId, version, entry }: CallAddress,
): Promise<CompiledEntry | undefined> {
  if (version === null) return undefined;
  await flows.need(sql, [{ flowId, version }]);
  return flows.version(flowId, version)?.entries.find(({ name }) => name === entry);
}

function requireCaller(caller: Caller | null, { workspaceId }: CallAddress): void {
  if (caller?.workspaceId !== workspaceId)
    throw new AppError("unauthorized", "This address wants an API key of its workspace beside the token.");
  requireScope(caller, "events:write");
}

type Call = {
  address: CallAddress;
  entry: CompiledEntry;
  call: NonNullable<EntryKind["call"]>;
  settings: CallSettings;
  input: IncomingCallInput;
};

async function readCall(platform: Platform, { address, entry, call, settings, input }: Call): Promise<IncomingEvent> {
  const list = await listToJoin(platform, address, settings);
  const { identity: named, properties: given, paths, issues } = call.read(entry.config, input.body);
  const { identity, issues: identityIssues } = readIdentity(named, { required: issues.length === 0 });
  const fitted = fitProperties(given, list?.fields ?? []);
  const properties = readProperties(fitted.properties, "");
  const inFields = [...identityIssues, ...fitted.issues, ...properties.issues].map((issue) => inBody(issue, paths));
  const broken = [...payloadIssues(input.body, ""), ...issues, ...inFields];
  if (broken.length > 0) throw new AppError("invalid_request", undefined, { issues: broken });
  return {
    name: settings.event,
    identity,
    payload: input.body,
    occurredAt: null,
    source: entry.kind.name,
    client: input.client,
    target: { flowId: address.flowId, entry: entry.name },
    ...(Object.keys(given).length === 0 ? {} : { properties: properties.properties }),
    ...(list ? { joinList: list.id } : {}),
  };
}

/** A list that was deleted since the flow was published is nothing to join; the call itself must not be lost over it. */
async function listToJoin(
  { sql }: Platform,
  { workspaceId }: CallAddress,
  { list }: CallSettings,
): Promise<ListRow | undefined> {
  return list !== null && isUuid(list) ? findList(sql, { workspaceId, id: list }) : undefined;
}

/** The issue with the path into the body that the field was read from. */
function inBody({ path, message }: Issue, paths: Readonly<Record<string, string>>): Issue {
  const target = Object.keys(paths).find(
    (name) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`),
  );
  return { path: target === undefined ? path : `${paths[target]}${path.slice(target.length)}`, message };
}
