import { AppError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { exampleEvent } from "../core/samples/example-event.ts";
import { type SampleCode, sampleCode } from "../core/samples/sample-code.ts";
import { keyPlaceholder } from "../core/samples/sample-request.ts";
import { listIncomingCalls } from "../storage/incoming-calls.ts";
import { getEventDefinition } from "./event-definitions.ts";
import { requireFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** Ready code for one call, without an API key (null: it needs one) and with one. */
export type Samples = {
  url: string;
  urlWithKey: string;
  body: JsonObject;
  withoutKey: SampleCode | null;
  withKey: SampleCode;
};

/** Code that sends an event of the event manager. `origin` is how this server is reached. Throws `event_definition_not_found`. */
export async function sampleEvent(
  platform: Platform,
  caller: Caller,
  { name, origin }: { name: string; origin: string },
): Promise<Samples> {
  const { path, variables, ...definition } = await getEventDefinition(platform, caller, { name });
  const urls = { url: `${origin}${path}`, urlWithKey: `${origin}/events/name/${encodeURIComponent(definition.name)}` };
  return samplesOf({ ...urls, body: exampleEvent(variables), needsKey: false });
}

/** Code that calls the address of a published flow's entry. Throws `flow_not_found` and `entry_not_found`. */
export async function sampleEntry(
  { sql, flows }: Platform,
  caller: Caller,
  { flowId, entry, origin }: { flowId: string; entry: string; origin: string },
): Promise<Samples> {
  requireScope(caller, "flows:read");
  const { workspaceId } = caller;
  const { id, version } = await requireFlow(sql, workspaceId, flowId);
  if (version === null) throw new AppError("entry_not_found", "The flow has no published version.");
  await flows.need(sql, [{ flowId: id, version }]);
  const compiled = flows.version(id, version)?.entries.find(({ name }) => name === entry);
  const address = (await listIncomingCalls(sql, { workspaceId, flowId: id })).find((call) => call.entry === entry);
  const call = compiled?.kind.call;
  if (!call || !address)
    throw new AppError("entry_not_found", "The published flow has no entry of that name with an address of its own.");
  const url = `${origin}/in/${address.token}`;
  const needsKey = call.settings(compiled.config).auth === "api-key";
  return samplesOf({ url, urlWithKey: url, body: call.example(compiled.config), needsKey });
}

type Described = { url: string; urlWithKey: string; body: JsonObject; needsKey: boolean };

function samplesOf({ url, urlWithKey, body, needsKey }: Described): Samples {
  return {
    ...{ url, urlWithKey, body },
    withoutKey: needsKey ? null : sampleCode({ url, key: null, body }),
    withKey: sampleCode({ url: urlWithKey, key: keyPlaceholder, body }),
  };
}
