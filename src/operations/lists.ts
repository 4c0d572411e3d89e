import { isStorableText } from "../core/condition/storable-text.ts";
import type { MembershipState } from "../core/contact.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { isUuid } from "../core/id.ts";
import type { ListFieldInput } from "../core/list-field.ts";
import type { Queryable, Transaction } from "../storage/database.ts";
import { insertJob } from "../storage/jobs.ts";
import {
  countMembers,
  findList,
  findListByNumber,
  holdLists,
  insertList,
  type ListRow,
  lockList,
  pageLists,
  removeList,
  saveList,
} from "../storage/lists.ts";
import { emptyList, emptyListJob } from "./empty-list.ts";
import { readListFields } from "./list-fields.ts";
import { newId } from "./new-id.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";

const noId = "00000000-0000-0000-0000-000000000000";

export type ListView = Omit<ListRow, "workspaceId">;
type ListInput = { name: string; description?: string | undefined; fields?: readonly ListFieldInput[] | undefined };

/** Makes an empty list. Throws `list_exists` when the workspace has one of that name. */
export async function createList(platform: Platform, caller: Caller, input: ListInput): Promise<ListView> {
  requireScope(caller, "contacts:write");
  const { name, description = "", fields = [] } = input;
  const list = {
    id: newId(),
    workspaceId: caller.workspaceId,
    name: name.trim(),
    description,
    createdAt: platform.now(),
  };
  refuseBroken(list);
  const row = await insertList(platform.sql, { ...list, fields: await readListFields(platform.sql, fields) });
  if (!row) throw new AppError("list_exists");
  return viewList(row);
}

/** Changes what is given of a list. */
export async function updateList(
  platform: Platform,
  caller: Caller,
  input: { id: string } & Partial<ListInput>,
): Promise<ListView> {
  requireScope(caller, "contacts:write");
  const ref = { workspaceId: caller.workspaceId, id: knownId(input.id, "list_not_found") };
  return platform.sql.begin(async (sql) => {
    const old = await lockList(sql, ref);
    if (!old) throw new AppError("list_not_found");
    const list = {
      ...old,
      name: input.name?.trim() ?? old.name,
      description: input.description ?? old.description,
    };
    refuseBroken(list);
    if (input.fields) list.fields = await readListFields(sql, input.fields, old.fields);
    if (!(await saveList(sql, list))) throw new AppError("list_exists");
    return viewList(list);
  });
}

/** The list that an id or a number names. Throws `list_not_found`. */
export async function requireList(sql: Queryable, workspaceId: string, ref: string): Promise<ListRow> {
  const list = isUuid(ref) ? await findList(sql, { workspaceId, id: ref }) : await byNumber(sql, workspaceId, ref);
  if (!list) throw new AppError("list_not_found");
  return list;
}

async function byNumber(sql: Queryable, workspaceId: string, ref: string): Promise<ListRow | undefined> {
  return /^[1-9]\d{0,14}$/.test(ref) ? findListByNumber(sql, { workspaceId, number: Number(ref) }) : undefined;
}

/** A list, by id or number. */
export async function readList({ sql }: Platform, caller: Caller, { id }: { id: string }): Promise<ListView> {
  requireScope(caller, "contacts:read");
  return viewList(await requireList(sql, caller.workspaceId, id));
}

/** A list, by id or number, with the number of its members in each state. */
export async function getList(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<ListView & { members: Record<MembershipState, number> }> {
  requireScope(caller, "contacts:read");
  const list = await requireList(platform.sql, caller.workspaceId, id);
  return { ...viewList(list), members: await countMembers(platform.sql, list.id) };
}

/** The lists of the workspace, newest first. */
export async function listLists(platform: Platform, caller: Caller, input: PageInput): Promise<Page<ListView>> {
  requireScope(caller, "contacts:read");
  const { before, limit } = readPage(input);
  const rows = await pageLists(platform.sql, { workspaceId: caller.workspaceId, before, limit: limit + 1 });
  return makePage(rows.map(viewList), limit, (list) => list.id);
}

/**
 * Takes a list away; its members stay contacts. Flows hear that they left, and segments look at them again; the members of a large list leave it in
 * the background, by a job.
 */
export async function deleteList(platform: Platform, caller: Caller, { id }: { id: string }): Promise<{ id: string }> {
  requireScope(caller, "contacts:write");
  const { workspaceId, name: createdBy } = caller;
  const ref = { workspaceId, id: knownId(id, "list_not_found") };
  const now = platform.now();
  const { after, lanes } = await platform.sql.begin(async (sql) => {
    if (!(await lockList(sql, ref))) throw new AppError("list_not_found");
    await removeList(sql, ref.id);
    const first = { workspaceId, listId: ref.id, after: noId };
    const emptied = await emptyList(sql, first, { flows: platform.flows, now });
    const params = { ...first, after: emptied.after };
    const job = { id: newId(), workspaceId, flowId: null, kind: emptyListJob, params, createdBy, now };
    if (emptied.after !== null) await insertJob(sql, job, [0]);
    return emptied;
  });
  platform.signal(lanes);
  if (after !== null) platform.wake();
  return { id };
}

/** Throws `list_not_found` unless all of `ids` are lists of the workspace; they stay until the transaction ends. */
export async function requireLists(sql: Transaction, workspaceId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  for (const id of ids) knownId(id, "list_not_found");
  const found = await holdLists(sql, { workspaceId, ids });
  const missing = ids.find((id) => !found.includes(id));
  if (missing !== undefined)
    throw new AppError("list_not_found", `There is no list ${missing}.`, { detail: { listId: missing } });
}

function viewList({ workspaceId: _, ...list }: ListRow): ListView {
  return list;
}

function refuseBroken({ name, description }: Pick<ListRow, "name" | "description">): void {
  const issues: Issue[] = [];
  if (name === "" || name.length > 200 || !isStorableText(name))
    issues.push({ path: "name", message: "must have 1 to 200 characters, none of them U+0000" });
  if (description.length > 2000 || !isStorableText(description))
    issues.push({ path: "description", message: "must have at most 2000 characters, none of them U+0000" });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
}
