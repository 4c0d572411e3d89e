import { randomBytes } from "node:crypto";
import { readsOf } from "../core/condition/reads.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { compileFlow, heardNames, type Registry } from "../core/flow/compile.ts";
import { conditionsIn } from "../core/flow/conditions-in.ts";
import type { FlowDefinition } from "../core/flow/definition.ts";
import type { CallSettings, Reference } from "../core/flow/step-kind.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { Json } from "../core/json.ts";
import type { Transaction } from "../storage/database.ts";
import { type FlowRow, insertFlowVersion, setFlowState } from "../storage/flows.ts";
import { ensureIncomingCalls } from "../storage/incoming-calls.ts";
import { holdSegments, loadWorkspaceSegments } from "../storage/segments.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { type FlowView, viewFlow } from "./flow-view.ts";
import { holdFlow, writeDraft } from "./flows.ts";
import { keepSchedules } from "./keep-schedules.ts";
import { audienceReferences, missingIssues } from "./missing-references.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/**
 * Makes the draft (or `definition`, which then becomes the draft) the next version. New runs use it; live ones stay on theirs. A draft becomes
 * active; a paused flow stays paused. Throws `invalid_flow` with every problem, and `invalid_state` for an archived flow.
 */
export async function publishFlow(
  platform: Platform,
  caller: Caller,
  input: { id: string; definition?: Json | undefined },
): Promise<FlowView> {
  requireScope(caller, "flows:write");
  const now = platform.now();
  const published = await platform.sql.begin(async (sql) => {
    const held = await holdFlow(sql, caller.workspaceId, input.id);
    const flow = await writeDraft(sql, held, { definition: input.definition ?? held.draft, now });
    const definition = await requireValid(platform, sql, flow);
    const version = (flow.version ?? 0) + 1;
    const status = flow.status === "paused" ? "paused" : "active";
    await insertFlowVersion(sql, {
      flowId: flow.id,
      version,
      workspaceId: flow.workspaceId,
      definition,
      publishedAt: now,
      publishedBy: caller.name,
      ...heardNames(
        compileFlow({ id: flow.id, workspaceId: flow.workspaceId, version, status }, definition, platform.registry),
      ),
    });
    await setFlowState(sql, { id: flow.id, status, version, now });
    await ensureIncomingCalls(sql, addressesOf(flow, callsOf(definition, platform.registry)), now);
    await keepSchedules(sql, { ...flow, status, version }, { registry: platform.registry, now });
    await bumpRoutingRevision(sql, flow.workspaceId);
    return viewFlow(platform, sql, { ...flow, status, version, updatedAt: now });
  });
  platform.wake();
  return published;
}

async function requireValid({ registry }: Platform, sql: Transaction, flow: FlowRow): Promise<FlowDefinition> {
  const validated = validateFlow(flow.draft, registry);
  const issues = validated.ok
    ? [
        ...(await missingIssues(sql, flow.workspaceId, referencesOf(validated.definition, registry))),
        ...(await segmentIssues(sql, flow.workspaceId, validated.definition)),
      ]
    : validated.issues;
  if (validated.ok && issues.length === 0) return validated.definition;
  throw new AppError("invalid_flow", undefined, { issues });
}

/** Lists and such that the entries which start by the clock are for. */
function audienceReferencesOf({ entries }: FlowDefinition, registry: Registry): Reference[] {
  return Object.entries(entries).flatMap(([entry, { kind: name, config }]) => {
    const kind = registry.entries[name];
    const audience = kind?.schedule?.audience(kind.config.parse(config)) ?? null;
    return audience === null ? [] : audienceReferences(audience, `entries.${entry}.config.audience`);
  });
}

type EntryCalls = { entry: string; settings: CallSettings }[];

/** The entries that have an address of their own. */
function callsOf({ entries }: FlowDefinition, registry: Registry): EntryCalls {
  return Object.entries(entries).flatMap(([entry, { kind: name, config }]) => {
    const kind = registry.entries[name];
    return kind?.call ? [{ entry, settings: kind.call.settings(kind.config.parse(config)) }] : [];
  });
}

/** What the flow names by its id, with the whole path. Nobody could be told later that it is not there. */
function referencesOf(definition: FlowDefinition, registry: Registry): Reference[] {
  const calls = callsOf(definition, registry).flatMap(({ entry, settings: { list } }): Reference[] =>
    list === null ? [] : [{ kind: "list", id: list, path: `entries.${entry}.config.list` }],
  );
  const steps = Object.entries(definition.steps).flatMap(([name, { kind: kindName, config }]) => {
    const kind = registry.steps[kindName];
    const references = kind?.refersTo?.(kind.config.parse(config)) ?? [];
    return references.map((reference) => ({ ...reference, path: `steps.${name}.config.${reference.path}` }));
  });
  return [...calls, ...audienceReferencesOf(definition, registry), ...steps];
}

/** Segments that conditions ask for must be there, and stay. */
async function segmentIssues(sql: Transaction, workspaceId: string, definition: FlowDefinition): Promise<Issue[]> {
  const { segments } = readsOf(conditionsIn(definition));
  if (segments.size === 0) return [];
  await holdSegments(sql, workspaceId);
  const known = new Set((await loadWorkspaceSegments(sql, workspaceId)).map(({ id }) => id));
  return [...segments].flatMap((id) => (known.has(id) ? [] : [{ path: "", message: `there is no segment ${id}` }]));
}

function addressesOf({ id: flowId, workspaceId }: FlowRow, calls: EntryCalls) {
  return calls.map(({ entry }) => ({ token: randomBytes(32).toString("base64url"), workspaceId, flowId, entry }));
}
