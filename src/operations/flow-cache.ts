import type { AbState, AbTest } from "../core/flow/ab-test.ts";
import { type CompiledFlow, compileFlow, type Registry } from "../core/flow/compile.ts";
import type { FlowLookup } from "../core/flow/decide.ts";
import { flowDefinitionSchema } from "../core/flow/definition.ts";
import { isOfChange, isOfLists, occurrenceName } from "../core/flow/occurrence-names.ts";
import { compileSegments, noSegments, type SegmentSet } from "../core/segment/segment-set.ts";
import { loadAbTests } from "../storage/ab-tests.ts";
import type { Queryable } from "../storage/database.ts";
import { loadCurrentVersions, loadFlowVersions, loadGoalEvents, loadHeardEvents } from "../storage/flows.ts";
import { loadHolds } from "../storage/holds.ts";
import { loadWorkspaceSegments } from "../storage/segments.ts";
import { listRevisions, listWorkspaces, type WorkspaceRow } from "../storage/workspaces.ts";

type Workspace = {
  facts: WorkspaceRow;
  flows: CompiledFlow[];
  numbered: NumberedFlows;
  listening: Map<string, CompiledFlow[]>;
  /** What matters to runs, of all versions: runs stay on the version they began with. */
  heard: ReadonlySet<string>;
  changes: HeardChanges;
  /** Tests of variants that have begun, by flow and step. */
  tests: ReadonlyMap<string, AbState>;
  segments: SegmentSet;
  /** The flows of which an event is a goal, in some version, by its name. */
  goals: ReadonlyMap<string, ReadonlySet<string>>;
  /** The flows whose runs stand still: all of them (null), or those due by then. */
  holds: ReadonlyMap<string, Date | null>;
};

/** Flows by number, and numbers by the id of the flow. */
export type NumberedFlows = { flows: ReadonlyMap<number, CompiledFlow>; numbers: ReadonlyMap<string, number> };

/** Whether somebody listens to changes of contacts at all, and to those of lists: who changes a contact looks no further where nobody does. */
type HeardChanges = { any: boolean; lists: boolean };

/** Published flows, compiled, as of the routing revision that the database showed last. */
export type FlowCache = {
  /** Reads again every workspace whose revision changed. To be called with what the current transaction sees. */
  refresh(sql: Queryable): Promise<void>;
  /** True when some flow of the workspace listens to the event, a run of an earlier version may, or a segment looks at it. */
  hears(workspaceId: string, eventName: string): boolean;
  /** True when all that an event of the name can do is to start flows: no run, goal, test of variants or segment looks at it. */
  onlyStarts(workspaceId: string, eventName: string): boolean;
  /** What is listened to of contacts' changes in the workspace. */
  hearsChanges(workspaceId: string): HeardChanges;
  /** True when contacts that were changed are to be looked at again, whatever it was that changed. */
  watches(workspaceId: string): boolean;
  segments(workspaceId: string): SegmentSet;
  /** True when in some workspace time alone may change who is in a segment. */
  hasTimedSegments(): boolean;
  /** The flows of which the event is a goal, in some version. */
  goalFlows(workspaceId: string, eventName: string): ReadonlySet<string>;
  /** True when runs of the flow that are due at `dueAt` (null: at no instant) are not to be moved. */
  holds(workspaceId: string, flowId: string, dueAt: Date | null): boolean;
  workspace(workspaceId: string): WorkspaceRow | undefined;
  /** The flows that were published and are not archived, with their numbers. */
  numbered(workspaceId: string): NumberedFlows;
  workspaces(): WorkspaceRow[];
  /** The tests of current versions that have begun and have no winner. */
  openTests(workspaceId: string): OpenTest[];
  /** Loads versions that runs are pinned to, unless they are here already. */
  need(sql: Queryable, versions: readonly { flowId: string; version: number }[]): Promise<void>;
  lookup(workspaceId: string): FlowLookup;
  /** A version that `need` or `refresh` has loaded. */
  version(flowId: string, version: number): CompiledFlow | undefined;
};

export type OpenTest = { flowId: string; step: string; test: AbTest; state: AbState };

/** Old versions kept in memory besides the current ones: those needed last. */
const keptVersions = 1000;

/** Makes an empty cache of flows; the kinds in `registry` are what flows can be made of. */
export function createFlowCache(registry: Registry): FlowCache {
  const workspaces = new Map<string, Workspace>();
  const current = new Map<string, CompiledFlow>();
  const versions = new Map<string, CompiledFlow>();
  let hasTimed = false;
  const find = (flowId: string, version: number) =>
    current.get(`${flowId}|${version}`) ?? versions.get(`${flowId}|${version}`);
  const knows = ({ id, routingRevision }: Revision) =>
    (workspaces.get(id)?.facts.routingRevision ?? 0) >= routingRevision;
  const hears = (workspaceId: string, eventName: string) => isHeard(workspaces.get(workspaceId), eventName);
  const lookups = new Map<string, FlowLookup>();
  const segmentsOf = (workspaceId: string) => workspaces.get(workspaceId)?.segments ?? noSegments;

  return {
    async refresh(sql) {
      for (const facts of await changedWorkspaces(sql, knows)) {
        const { rows, ...loaded } = await loadWorkspace(sql, facts.id);
        // Several refreshes may be under way: a slow one must not bring back what a later one has replaced.
        if (knows(facts)) continue;
        const flows = rows.map((row) => compile(row, registry));
        for (const flow of workspaces.get(facts.id)?.flows ?? []) {
          current.delete(keyOf(flow));
          keep(versions, flow);
        }
        for (const flow of flows) current.set(keyOf(flow), flow);
        workspaces.set(facts.id, workspaceOf(facts, { flows, numbered: byNumber(rows, flows), ...loaded }));
        hasTimed = [...workspaces.values()].some((workspace) => workspace.segments.isTimed);
      }
    },
    hears,
    onlyStarts: (workspaceId, eventName) => onlyStarts(workspaces.get(workspaceId), eventName),
    hearsChanges: (workspaceId) => workspaces.get(workspaceId)?.changes ?? noChanges,
    watches: (workspaceId) =>
      hears(workspaceId, occurrenceName.contactChanged) || segmentsOf(workspaceId).readsContacts,
    segments: segmentsOf,
    hasTimedSegments: () => hasTimed,
    goalFlows: (workspaceId, eventName) => workspaces.get(workspaceId)?.goals.get(eventName) ?? noFlows,
    holds: (workspaceId, flowId, dueAt) => isHeldAt(workspaces.get(workspaceId), flowId, dueAt),
    workspace: (workspaceId) => workspaces.get(workspaceId)?.facts,
    numbered: (workspaceId) => workspaces.get(workspaceId)?.numbered ?? noNumbers,
    workspaces: () => [...workspaces.values()].map(({ facts }) => facts),
    openTests: (workspaceId) => openTests(workspaces.get(workspaceId)),
    async need(sql, wanted) {
      const missing = wanted.filter(({ flowId, version }) => {
        const found = find(flowId, version);
        if (found && versions.has(keyOf(found))) keep(versions, found);
        return !found;
      });
      if (missing.length === 0) return;
      for (const row of await loadFlowVersions(sql, missing)) keep(versions, compile(row, registry));
    },
    lookup(workspaceId) {
      const made = lookups.get(workspaceId) ?? lookUp(() => workspaces.get(workspaceId), find);
      lookups.set(workspaceId, made);
      return made;
    },
    version: find,
  };
}

type Revision = Pick<WorkspaceRow, "id" | "routingRevision">;

/** Asked for with every pass and every batch of settlements: first only for revisions, for nearly always nothing has changed. */
async function changedWorkspaces(sql: Queryable, knows: (revision: Revision) => boolean): Promise<WorkspaceRow[]> {
  const revisions = await listRevisions(sql);
  return revisions.every(knows) ? [] : (await listWorkspaces(sql)).filter((facts) => !knows(facts));
}

function isHeard(workspace: Workspace | undefined, name: string): boolean {
  if (!workspace) return false;
  return workspace.listening.has(name) || workspace.heard.has(name) || workspace.segments.hears(name);
}

function onlyStarts(workspace: Workspace | undefined, name: string): boolean {
  if (!workspace) return false;
  const { heard, goals, segments, listening } = workspace;
  if (heard.has(name) || goals.has(name) || segments.hears(name)) return false;
  return (listening.get(name) ?? []).every(({ tests }) => tests.length === 0);
}

/** What a pass asks of the workspace as it is known at that moment. */
function lookUp(workspace: () => Workspace | undefined, version: FlowLookup["version"]): FlowLookup {
  return {
    listening: (eventName) => workspace()?.listening.get(eventName) ?? [],
    hears: (eventName) => isHeard(workspace(), eventName),
    version,
    abStates: (flowId, step) => workspace()?.tests.get(`${flowId}|${step}`) ?? null,
    holds: (flowId, dueAt) => isHeldAt(workspace(), flowId, dueAt),
  };
}

function isHeldAt(workspace: Workspace | undefined, flowId: string, dueAt: Date | null): boolean {
  const before = workspace?.holds.get(flowId);
  return before === null || (before !== undefined && dueAt !== null && dueAt <= before);
}

const noChanges: HeardChanges = { any: false, lists: false };

function changesAmong(names: readonly string[]): HeardChanges {
  return { any: names.some(isOfChange), lists: names.some(isOfLists) };
}

type Loaded = Omit<Awaited<ReturnType<typeof loadWorkspace>>, "rows"> & Pick<Workspace, "flows" | "numbered">;

function workspaceOf(facts: WorkspaceRow, { flows, numbered, heard, tests, segments, goals, held }: Loaded): Workspace {
  const listening = byEvent(flows);
  const changes = changesAmong([...listening.keys(), ...heard]);
  const states = tests.map(
    ({ flowId, step, startedAt, winner }) => [`${flowId}|${step}`, { startedAt, winner }] as const,
  );
  return {
    facts,
    flows,
    numbered,
    listening,
    heard: new Set(heard),
    changes,
    segments,
    tests: new Map(states),
    goals: byGoal(goals),
    holds: new Map(held.map(({ flowId, heldBefore }) => [flowId, heldBefore])),
  };
}

async function loadWorkspace(sql: Queryable, workspaceId: string) {
  const [rows, heard, tests, segments, goals, held] = await Promise.all([
    loadCurrentVersions(sql, workspaceId),
    loadHeardEvents(sql, workspaceId),
    loadAbTests(sql, { workspaceId }),
    loadWorkspaceSegments(sql, workspaceId),
    loadGoalEvents(sql, workspaceId),
    loadHolds(sql, workspaceId),
  ]);
  return { rows, heard, tests, goals, held, segments: segments.length === 0 ? noSegments : compileSegments(segments) };
}

function openTests(workspace: Workspace | undefined): OpenTest[] {
  if (!workspace || workspace.tests.size === 0) return [];
  return workspace.flows.flatMap(({ id, tests }) =>
    tests.flatMap(({ step, test }) => {
      const state = workspace.tests.get(`${id}|${step}`);
      return state && state.winner === null ? [{ flowId: id, step, test, state }] : [];
    }),
  );
}

type VersionRow = Awaited<ReturnType<typeof loadCurrentVersions>>[number];

function compile(row: VersionRow, registry: Registry): CompiledFlow {
  const status = row.status === "draft" ? "paused" : row.status;
  const identity = { id: row.flowId, workspaceId: row.workspaceId, version: row.version, status };
  return compileFlow(identity, flowDefinitionSchema.parse(row.definition), registry);
}

function keep(versions: Map<string, CompiledFlow>, flow: CompiledFlow): void {
  const key = keyOf(flow);
  versions.delete(key);
  versions.set(key, flow);
  const oldest = versions.keys().next();
  if (versions.size > keptVersions && !oldest.done) versions.delete(oldest.value);
}

function keyOf({ id, version }: CompiledFlow): string {
  return `${id}|${version}`;
}

const noFlows: ReadonlySet<string> = new Set();

function byGoal(goals: readonly { name: string; flowId: string }[]): Map<string, Set<string>> {
  const flows = new Map<string, Set<string>>();
  for (const { name, flowId } of goals) flows.set(name, (flows.get(name) ?? new Set()).add(flowId));
  return flows;
}

const noNumbers: NumberedFlows = { flows: new Map(), numbers: new Map() };

/** `flows` are compiled from `rows`, in their order. */
function byNumber(rows: readonly VersionRow[], flows: readonly CompiledFlow[]): NumberedFlows {
  return {
    flows: new Map(rows.map(({ number }, index) => [number, flows[index] as CompiledFlow])),
    numbers: new Map(rows.map(({ flowId, number }) => [flowId, number])),
  };
}

function byEvent(flows: readonly CompiledFlow[]): Map<string, CompiledFlow[]> {
  const listening = new Map<string, CompiledFlow[]>();
  for (const flow of flows) {
    for (const name of flow.listensTo) listening.set(name, [...(listening.get(name) ?? []), flow]);
  }
  return listening;
}
