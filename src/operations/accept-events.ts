import { AppError, type Issue } from "../core/errors.ts";
import { type EventInput, type EventOrigin, type ReadEvent, readEvent } from "../core/event-input.ts";
import { isUuid } from "../core/id.ts";
import type { Json } from "../core/json.ts";
import { findFlowIds } from "../storage/flow-reads.ts";
import type { IncomingEvent, RecordedEvent } from "./incoming-event.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/**
 * Events of one request. Without `partial` one broken event refuses all; with it each stands for itself. `path` is where the events are
 * in the request: issues of the third read `events[2].name`; with an empty path there is one event, and they read `name`.
 */
export type RecordEventsInput = {
  events: EventInput[];
  source?: string | undefined;
  client?: Json | undefined;
  idempotency?: { key: string; hash: string } | undefined;
  partial?: boolean | undefined;
  path?: string | undefined;
  /** The size of the JSON body they were read from, when `parseJson` has checked it. */
  checkedBytes?: number | undefined;
};

export type EventResult = ({ status: "accepted" } & RecordedEvent) | { status: "refused"; issues: Issue[] };

/** Records events: when it returns they are committed. Throws `invalid_request`, `idempotency_key_reused` or `overloaded`, with nothing stored. */
export async function recordEvents(
  platform: Platform,
  caller: Caller,
  input: RecordEventsInput,
): Promise<{ results: EventResult[]; replayed: boolean }> {
  requireScope(caller, "events:write");
  const { events, source = "api", client = null, partial = false, path = "events" } = input;
  const flows = await knownFlows(platform, caller, events);
  const read = events.map((event, index) =>
    check(event, { path: path === "" ? "" : `${path}[${index}]`, checkedBytes: input.checkedBytes }, flows),
  );
  const issues = read.flatMap((event) => event.issues);
  if (issues.length > 0 && !partial) throw new AppError("invalid_request", undefined, { issues: issues.slice(0, 100) });
  const good = read.flatMap((event, index) =>
    event.issues.length > 0 ? [] : [incoming(event, { input: events[index], source, client })],
  );
  const receipt =
    good.length === 0
      ? { events: [], settled: [], replayed: false }
      : await platform.recorder.add({ workspaceId: caller.workspaceId, events: good, idempotency: input.idempotency });
  const recorded = receipt.events.values();
  const results = read.map((event): EventResult => {
    if (event.issues.length > 0) return { status: "refused", issues: event.issues };
    return { status: "accepted", ...(recorded.next().value as RecordedEvent) };
  });
  return { results, replayed: receipt.replayed };
}

async function knownFlows(
  { sql }: Platform,
  { workspaceId }: Caller,
  events: readonly EventInput[],
): Promise<Set<string>> {
  const ids = new Set(events.flatMap(({ flowId }) => (flowId !== undefined && isUuid(flowId) ? [flowId] : [])));
  return ids.size === 0 ? ids : new Set(await findFlowIds(sql, { workspaceId, ids: [...ids] }));
}

function check(event: EventInput, origin: EventOrigin & { path: string }, flows: ReadonlySet<string>): ReadEvent {
  const { path } = origin;
  const read = readEvent(event, origin);
  const at = (field: string) => (path === "" ? field : `${path}.${field}`);
  if (event.flowId !== undefined && !flows.has(event.flowId))
    read.issues.push({ path: at("flowId"), message: "must be the id of a flow; there is none like it" });
  if (event.entry !== undefined && event.flowId === undefined)
    read.issues.push({ path: at("entry"), message: "needs a flowId beside it" });
  return read;
}

type Context = { input: EventInput | undefined; source: string; client: Json };

function incoming(
  { name, identity, payload, properties, occurredAt }: ReadEvent,
  { input, source, client }: Context,
): IncomingEvent {
  const entry = input?.entry === undefined ? {} : { entry: input.entry };
  const target = input?.flowId === undefined ? null : { flowId: input.flowId, ...entry };
  const event = { name, identity, payload, occurredAt, source, client, target };
  return Object.keys(properties).length === 0 ? event : { properties, ...event };
}
