import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import {
  type AutomationRow,
  type FlowConversion,
  pageFlowConversions,
  pageFlowsByNumber,
} from "../storage/automations.ts";
import { findFlowVersion } from "../storage/flow-reads.ts";
import { flowCounts, type VersionCounts } from "./flow-versions.ts";
import { requireFlow } from "./flow-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

type Page = { limit: number; offset: number };

/** Flows by their numbers, the oldest first. */
export async function listAutomations(platform: Platform, caller: Caller, page: Page): Promise<AutomationRow[]> {
  requireScope(caller, "flows:read");
  return pageFlowsByNumber(platform.sql, { ...page, workspaceId: caller.workspaceId });
}

/** A flow with its steps in their order, and what its versions counted, added up. */
export type Automation = {
  flow: AutomationRow;
  steps: { name: string; kind: string; title: string }[];
  totals: Totals;
  entered: Record<string, number>;
  messages: Record<string, Record<string, number>>;
  goals: Record<string, number>;
};
type Totals = Pick<VersionCounts, "started" | "completed" | "exited" | "failed" | "cancelled" | "live">;

/** A flow by id or number, as it is published or else as it is drafted. Throws `flow_not_found`. */
export async function getAutomation(platform: Platform, caller: Caller, ref: string): Promise<Automation> {
  requireScope(caller, "flows:read");
  const flow = await requireFlow(platform.sql, caller.workspaceId, ref);
  const { id: flowId, version } = flow;
  const published = version === null ? undefined : await findFlowVersion(platform.sql, { flowId, version });
  const { versions } = await flowCounts(platform, caller, { id: flowId });
  return {
    flow,
    steps: stepsOf(published?.definition ?? flow.draft),
    totals: addUp(
      versions.map(({ started, completed, exited, failed, cancelled, live }) => ({
        started,
        completed,
        exited,
        failed,
        cancelled,
        live,
      })),
    ),
    entered: addUp(versions.map(({ steps }) => enteredOf(steps))),
    messages: messagesOf(versions),
    goals: addUp(versions.map(({ goals }) => goals)),
  };
}

/** The goals that runs of a flow reached, the newest first. Throws `flow_not_found`. */
export async function listFlowConversions(
  platform: Platform,
  caller: Caller,
  { ref, limit, offset }: Page & { ref: string },
): Promise<FlowConversion[]> {
  requireScope(caller, "flows:read");
  const { id: flowId } = await requireFlow(platform.sql, caller.workspaceId, ref);
  return pageFlowConversions(platform.sql, { workspaceId: caller.workspaceId, flowId, limit, offset });
}

/** A draft can be anything that is JSON: what is no step is left out. */
function stepsOf(definition: Json | object): Automation["steps"] {
  if (!isJsonObject(definition) || !isJsonObject(definition["steps"] ?? null)) return [];
  const steps = definition["steps"] as JsonObject;
  return inOrder(definition, steps).flatMap((name) => {
    const { kind, title } = objectAt(steps, name);
    return typeof kind === "string" ? [{ name, kind, title: typeof title === "string" ? title : name }] : [];
  });
}

/** The steps as a contact comes to them, nearest to the entries first: JSON of the database keeps no order. */
function inOrder(definition: JsonObject, steps: JsonObject): string[] {
  const entries = objectAt(definition, "entries");
  const order = new Set(Object.keys(entries).flatMap((name) => known(steps, objectAt(entries, name)["next"])));
  // A set can grow while it is walked.
  for (const name of order)
    for (const next of Object.values(objectAt(objectAt(steps, name), "exits")))
      for (const found of known(steps, next)) order.add(found);
  return [...new Set([...order, ...Object.keys(steps)])];
}

function known(steps: JsonObject, name: Json | undefined): string[] {
  return typeof name === "string" && Object.hasOwn(steps, name) ? [name] : [];
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(object, name) ? object[name] : null;
  return isJsonObject(value) ? value : {};
}

function enteredOf(steps: VersionCounts["steps"]): Record<string, number> {
  return Object.fromEntries(Object.entries(steps).map(([name, { entered }]) => [name, entered]));
}

function messagesOf(versions: readonly VersionCounts[]): Automation["messages"] {
  const names = new Set(versions.flatMap(({ messages }) => Object.keys(messages)));
  return Object.fromEntries(
    [...names].map((name) => [name, addUp(versions.map(({ messages }) => messages[name] ?? {}))]),
  );
}

function addUp<Counts extends Record<string, number>>(all: readonly Counts[]): Counts {
  const sum: Record<string, number> = {};
  for (const counts of all) for (const [name, value] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + value;
  return sum as Counts;
}
