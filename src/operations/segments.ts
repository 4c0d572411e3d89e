import { isStorableText } from "../core/condition/storable-text.ts";
import { AppError, type Issue } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { compileSegments, readersOf } from "../core/segment/segment-set.ts";
import type { Transaction } from "../storage/database.ts";
import {
  findFlowsNaming,
  holdSegments,
  insertSegment,
  loadWorkspaceSegments,
  planBuilds,
  redefineSegments,
  retireSegment,
  type SegmentRow,
  saveSegmentTexts,
} from "../storage/segments.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { readDefinition, refuseBrokenReferences } from "./segment-definition.ts";
import { requireSegment, type SegmentView, viewSegment } from "./segment-view.ts";

const maxSegments = 500;

export type SegmentInput = { name: string; description?: string | undefined; definition: Json };

/** Makes a segment; its members are found in the background. Throws `segment_exists` when the workspace has one of that name. */
export async function createSegment(platform: Platform, caller: Caller, input: SegmentInput): Promise<SegmentView> {
  requireScope(caller, "contacts:write");
  const { workspaceId } = caller;
  const definition = readDefinition(input.definition);
  const texts = readTexts({ name: input.name, description: input.description ?? "" });
  const segment = { id: newId(), workspaceId, ...texts, definition, createdAt: platform.now() };
  const row = await platform.sql.begin(async (sql) => {
    await holdSegments(sql, workspaceId);
    const others = await loadWorkspaceSegments(sql, workspaceId);
    if (others.length >= maxSegments)
      throw new AppError("invalid_state", `A workspace has at most ${maxSegments} segments.`);
    refuseBrokenReferences(segment, others);
    const made = await insertSegment(sql, segment);
    if (!made) throw new AppError("segment_exists");
    await planBuilds(sql, [made.id]);
    await bumpRoutingRevision(sql, workspaceId);
    return made;
  });
  platform.wake();
  return viewSegment(platform.sql, row);
}

/**
 * Changes what is given of a segment. With another definition, it and the segments that look at it are built anew, while contacts that change are
 * taken by the new definition at once.
 */
export async function updateSegment(
  platform: Platform,
  caller: Caller,
  input: { id: string } & Partial<SegmentInput>,
): Promise<SegmentView> {
  requireScope(caller, "contacts:write");
  const { workspaceId } = caller;
  const id = knownId(input.id, "segment_not_found");
  const definition = input.definition === undefined ? undefined : readDefinition(input.definition);
  await platform.sql.begin(async (sql) => {
    await holdSegments(sql, workspaceId);
    const all = await loadWorkspaceSegments(sql, workspaceId);
    const old = all.find((segment) => segment.id === id);
    if (!old) throw new AppError("segment_not_found");
    const texts = readTexts({ name: input.name ?? old.name, description: input.description ?? old.description });
    if (all.some((other) => other.id !== id && other.name === texts.name)) throw new AppError("segment_exists");
    const next = { ...old, ...texts, definition: definition ?? old.definition };
    await saveSegmentTexts(sql, { id, ...texts, now: platform.now() });
    if (JSON.stringify(next.definition) !== JSON.stringify(old.definition))
      await redefine(sql, { next, all, now: platform.now() });
  });
  platform.wake();
  return viewSegment(platform.sql, await requireSegment(platform.sql, { workspaceId, id }));
}

type Redefinition = { next: SegmentRow; all: SegmentRow[]; now: Date };

async function redefine(sql: Transaction, { next, all, now }: Redefinition): Promise<void> {
  refuseBrokenReferences(next, all);
  const compiled = compileSegments(all.map((segment) => (segment.id === next.id ? next : segment)));
  await redefineSegments(sql, [next, ...readersOf(compiled.all, next.id)], now);
  await bumpRoutingRevision(sql, next.workspaceId);
}

/** Takes a segment away. Throws `segment_in_use` while a published flow, a live run or another segment uses it. */
export async function deleteSegment(
  platform: Platform,
  caller: Caller,
  { id: given }: { id: string },
): Promise<{ id: string }> {
  requireScope(caller, "contacts:write");
  const { workspaceId } = caller;
  const id = knownId(given, "segment_not_found");
  await platform.sql.begin(async (sql) => {
    await holdSegments(sql, workspaceId);
    const all = await loadWorkspaceSegments(sql, workspaceId);
    if (!all.some((segment) => segment.id === id)) throw new AppError("segment_not_found");
    const segments = compileSegments(all).all.filter(({ reads }) => reads.segments.has(id));
    const flows = await findFlowsNaming(sql, { workspaceId, id });
    refuseUsed({ segments: segments.map(({ name }) => name), flows });
    await retireSegment(sql, { id, now: platform.now() });
    await bumpRoutingRevision(sql, workspaceId);
  });
  platform.wake();
  return { id };
}

function refuseUsed({ segments, flows }: { segments: string[]; flows: string[] }): void {
  if (segments.length + flows.length === 0) return;
  const users = [...segments.map((name) => `the segment "${name}"`), ...flows.map((name) => `the flow "${name}"`)];
  throw new AppError("segment_in_use", `The segment is used by ${users.join(", ")}.`, { detail: { segments, flows } });
}

function readTexts({ name, description }: { name: string; description: string }): {
  name: string;
  description: string;
} {
  const issues: Issue[] = [];
  const trimmed = name.trim();
  if (trimmed === "" || trimmed.length > 200 || !isStorableText(trimmed))
    issues.push({ path: "name", message: "must have 1 to 200 characters, none of them U+0000" });
  if (description.length > 2000 || !isStorableText(description))
    issues.push({ path: "description", message: "must have at most 2000 characters, none of them U+0000" });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return { name: trimmed, description };
}
