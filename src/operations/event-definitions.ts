import { AppError, type Issue } from "../core/errors.ts";
import { type EventVariable, eventVariablesSchema } from "../core/event-variables.ts";
import { eventNameSchema } from "../core/flow/definition.ts";
import { issuesOf } from "../core/issues.ts";
import { findJsonProblems } from "../core/json-problems.ts";
import type { Queryable } from "../storage/database.ts";
import {
  countEventDefinitions,
  type EventDefinitionRow,
  findEventDefinition,
  insertEventDefinition,
  lockEventDefinition,
  pageEventDefinitions,
  removeEventDefinition,
  saveEventDefinition,
} from "../storage/event-definitions.ts";
import { bumpRoutingRevision, findWorkspace } from "../storage/workspaces.ts";
import { distrustCatalog } from "./event-catalog.ts";
import { maxEventDefinitions, newToken } from "./learn-event.ts";
import { newId } from "./new-id.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** An event as the manager shows it. `path` is that of its address without a key. */
export type EventDefinitionView = Omit<EventDefinitionRow, "workspaceId"> & { path: string };

export type EventDefinitionInput = {
  name: string;
  /** Left out: taken from the first call. */
  variables?: EventVariable[] | undefined;
  /** The two parts of an address that callers know already, from another system. Left out: a new token, and the workspace's number. */
  token?: string | undefined;
  account?: number | undefined;
};

/** Makes a definition. Throws `event_definition_exists` when the name or the token is taken. */
export async function createEventDefinition(
  platform: Platform,
  caller: Caller,
  { name, variables, token = newToken(), account }: EventDefinitionInput,
): Promise<EventDefinitionView> {
  requireScope(caller, "flows:write");
  refuseBroken({ name, variables: variables ?? [], token, account: account ?? null });
  const { workspaceId } = caller;
  const at = platform.now();
  return platform.sql.begin(async (sql) => {
    const number = await accountOf(sql, workspaceId, { lock: true });
    if ((await countEventDefinitions(sql, workspaceId)) >= maxEventDefinitions)
      throw new AppError("invalid_state", `A workspace has at most ${maxEventDefinitions} event definitions.`);
    const row = await insertEventDefinition(sql, {
      ...{ id: newId(), workspaceId, name, token, account: account ?? null, variables: variables ?? [] },
      ...{ learns: variables === undefined, createdAt: at, updatedAt: at },
    });
    if (!row) throw new AppError("event_definition_exists");
    await noteChange(platform, sql, workspaceId);
    return viewDefinition(row, number);
  });
}

/** The definitions of the workspace, newest first. */
export async function listEventDefinitions(
  { sql }: Platform,
  caller: Caller,
  input: PageInput,
): Promise<Page<EventDefinitionView>> {
  requireScope(caller, "flows:read");
  const { before, limit } = readPage(input);
  const { workspaceId } = caller;
  const number = await accountOf(sql, workspaceId);
  const rows = await pageEventDefinitions(sql, { workspaceId, before, limit: limit + 1 });
  return makePage(
    rows.map((row) => viewDefinition(row, number)),
    limit,
    ({ id }) => id,
  );
}

/** One definition. Throws `event_definition_not_found`. */
export async function getEventDefinition(
  { sql }: Platform,
  caller: Caller,
  { name }: { name: string },
): Promise<EventDefinitionView> {
  requireScope(caller, "flows:read");
  const row = await requireDefinition(sql, caller.workspaceId, name);
  return viewDefinition(row, await accountOf(sql, caller.workspaceId));
}

export type EventDefinitionChange = {
  /** The name it has now. */
  name: string;
  newName?: string | undefined;
  /** Null: take them from the next call. */
  variables?: EventVariable[] | null | undefined;
  /** Gives it a new address; the old one ends. */
  newToken?: boolean | undefined;
  /** As when it was made; a null account is the workspace's number again. */
  token?: string | undefined;
  account?: number | null | undefined;
};

/** Changes what is given. Throws `event_definition_not_found`, and `event_definition_exists` for a name or token that is taken. */
export async function changeEventDefinition(
  platform: Platform,
  caller: Caller,
  change: EventDefinitionChange,
): Promise<EventDefinitionView> {
  requireScope(caller, "flows:write");
  const { workspaceId } = caller;
  const { token = newToken(), account = null } = change;
  refuseBroken({ name: change.newName ?? change.name, variables: change.variables ?? [], token, account });
  return platform.sql.begin(async (sql) => {
    const number = await accountOf(sql, workspaceId, { lock: true });
    const old = await lockEventDefinition(sql, { workspaceId, name: storable(change.name) });
    if (!old) throw new AppError("event_definition_not_found");
    const row = { ...old, ...changesOf(change), updatedAt: platform.now() };
    if (!(await saveEventDefinition(sql, row))) throw new AppError("event_definition_exists");
    await noteChange(platform, sql, workspaceId);
    return viewDefinition(row, number);
  });
}

function changesOf(change: EventDefinitionChange): Partial<EventDefinitionRow> {
  const { newName, variables, newToken: isRenewed, token, account } = change;
  return {
    ...(newName !== undefined && { name: newName }),
    ...(variables !== undefined && { variables: variables ?? [], learns: variables === null }),
    ...(isRenewed && { token: newToken() }),
    ...(token !== undefined && { token }),
    ...(account !== undefined && { account }),
  };
}

/** Takes a definition away; its address ends within five seconds, and what was recorded stays. */
export async function deleteEventDefinition(
  platform: Platform,
  caller: Caller,
  { name }: { name: string },
): Promise<{ name: string }> {
  requireScope(caller, "flows:write");
  const { workspaceId } = caller;
  await platform.sql.begin(async (transaction) => {
    await accountOf(transaction, workspaceId, { lock: true });
    if (!(await removeEventDefinition(transaction, { workspaceId, name: storable(name) })))
      throw new AppError("event_definition_not_found");
    await noteChange(platform, transaction, workspaceId);
  });
  return { name };
}

/** Every process reads the definitions anew when the routing revision has changed. */
async function noteChange(platform: Platform, sql: Queryable, workspaceId: string): Promise<void> {
  await bumpRoutingRevision(sql, workspaceId);
  distrustCatalog(platform);
}

/** Throws `event_definition_not_found` unless the workspace has an event of this name. */
export async function requireDefinition(
  sql: Queryable,
  workspaceId: string,
  name: string,
): Promise<EventDefinitionRow> {
  const row = await findEventDefinition(sql, { workspaceId, name: storable(name) });
  if (!row) throw new AppError("event_definition_not_found");
  return row;
}

/** A name that PostgreSQL can look for; what it cannot keep is nobody's name. */
function storable(name: string): string {
  if (eventNameSchema.safeParse(name).success && name.isWellFormed()) return name;
  throw new AppError("event_definition_not_found");
}

function viewDefinition({ workspaceId: _, ...row }: EventDefinitionRow, number: number): EventDefinitionView {
  return { ...row, path: `/events/id/${row.token}/${row.account ?? number}` };
}

/** Who writes definitions locks the workspace first: so they are counted right, and no two wait for each other. */
async function accountOf(sql: Queryable, workspaceId: string, options: { lock?: boolean } = {}): Promise<number> {
  const workspace = await findWorkspace(sql, workspaceId, options);
  if (!workspace) throw new Error("The workspace of a caller is gone.");
  return workspace.number;
}

type Broken = { name: string; variables: EventVariable[]; token: string; account: number | null };

function refuseBroken({ name, variables, token, account }: Broken): void {
  const [named, declared] = [eventNameSchema.safeParse(name), eventVariablesSchema.safeParse(variables)];
  const issues: Issue[] = [
    ...(named.success ? [] : issuesOf(named.error, "name")),
    ...findJsonProblems(name, { checkText: true }).map(({ message }) => ({ path: "name", message })),
    ...(declared.success ? [] : issuesOf(declared.error, "variables")),
    ...(/^[0-9a-f]{32}$/.test(token) ? [] : [{ path: "token", message: "must be 32 hex digits in lower case" }]),
    ...(account === null || (Number.isSafeInteger(account) && account > 0)
      ? []
      : [{ path: "account", message: "must be a whole number from 1 on" }]),
  ];
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
}
