import { randomBytes } from "node:crypto";
import { AppError, type Issue } from "../core/errors.ts";
import { compileFlow, heardByRuns, type Registry } from "../core/flow/compile.ts";
import type { FlowDefinition } from "../core/flow/definition.ts";
import type { CallSettings } from "../core/flow/step-kind.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { Json } from "../core/json.ts";
import type { Transaction } from "../storage/database.ts";
import { type FlowRow, insertFlowVersion, setFlowState } from "../storage/flows.ts";
import { ensureIncomingCalls } from "../storage/incoming-calls.ts";
import { holdLists } from "../storage/lists.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { type FlowView, viewFlow } from "./flow-view.ts";
import { holdFlow, writeDraft } from "./flows.ts";
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
  return platform.sql.begin(async (sql) => {
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
      heardByRuns: heardByRuns(
        compileFlow({ id: flow.id, workspaceId: flow.workspaceId, version, status }, definition, platform.registry),
      ),
    });
    await setFlowState(sql, { id: flow.id, status, version, now });
    await ensureIncomingCalls(sql, addressesOf(flow, callsOf(definition, platform.registry)), now);
    await bumpRoutingRevision(sql, flow.workspaceId);
    return viewFlow(platform, sql, { ...flow, status, version, updatedAt: now });
  });
}

async function requireValid({ registry }: Platform, sql: Transaction, flow: FlowRow): Promise<FlowDefinition> {
  const validated = validateFlow(flow.draft, registry);
  const issues = validated.ok
    ? await listIssues(sql, flow.workspaceId, callsOf(validated.definition, registry))
    : validated.issues;
  if (validated.ok && issues.length === 0) return validated.definition;
  throw new AppError("invalid_flow", undefined, { issues });
}

type EntryCalls = { entry: string; settings: CallSettings }[];

/** The entries that have an address of their own. */
function callsOf({ entries }: FlowDefinition, registry: Registry): EntryCalls {
  return Object.entries(entries).flatMap(([entry, { kind: name, config }]) => {
    const kind = registry.entries[name];
    return kind?.call ? [{ entry, settings: kind.call.settings(kind.config.parse(config)) }] : [];
  });
}

/** Lists that calls join must be there: a call could not say so to anybody. */
async function listIssues(sql: Transaction, workspaceId: string, calls: EntryCalls): Promise<Issue[]> {
  const ids = calls.flatMap(({ settings }) => settings.list ?? []);
  const found = ids.length === 0 ? [] : await holdLists(sql, { workspaceId, ids });
  return calls.flatMap(({ entry, settings: { list } }) =>
    list === null || found.includes(list)
      ? []
      : [{ path: `entries.${entry}.config.list`, message: `there is no list ${list}` }],
  );
}

function addressesOf({ id: flowId, workspaceId }: FlowRow, calls: EntryCalls) {
  return calls.map(({ entry }) => ({ token: randomBytes(32).toString("base64url"), workspaceId, flowId, entry }));
}
