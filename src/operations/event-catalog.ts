import { hash } from "node:crypto";
import { AppError } from "../core/errors.ts";
import type { EventVariable } from "../core/event-variables.ts";
import { type EventDefinitionRow, findTokenWorkspace, loadEventDefinitions } from "../storage/event-definitions.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** An event that calls may name. `definitionId` is null for one that only flows know: its definition is made at the first call. */
export type KnownEvent = {
  workspaceId: string;
  definitionId: string | null;
  name: string;
  variables: readonly EventVariable[];
  learns: boolean;
};

type Catalog = {
  revision: number;
  byName: ReadonlyMap<string, KnownEvent>;
  /** By the hash of the token; `account` is the number beside it. */
  byToken: ReadonlyMap<string, KnownEvent & { account: number }>;
};

/**
 * `owners`: the workspaces of tokens, by hash: how long a look takes says nothing about a token. `lookedAt`: when the database was last asked
 * whether anything has changed, in milliseconds.
 */
type Memory = { catalogs: Map<string, Catalog>; owners: Map<string, string>; lookedAt: number };

/** So long, in milliseconds, can a definition that another process has changed or deleted still count. */
const trustMs = 5_000;

const memories = new WeakMap<Platform["flows"], Memory>();

/** The event that a call with a key names: one with a definition, or one that a flow listens to. Throws `event_definition_not_found`. */
export async function requireEventByName(platform: Platform, caller: Caller, name: string): Promise<KnownEvent> {
  requireScope(caller, "events:write");
  const { workspaceId } = caller;
  const find = async () =>
    (await catalogOf(platform, workspaceId)).byName.get(name) ?? listenedTo(platform, workspaceId, name);
  const found = await lookTwice(platform, find);
  if (found) return found;
  throw new AppError(
    "event_definition_not_found",
    `There is no event "${name}": make it with POST /v1/event-definitions, or publish a flow that listens to it.`,
  );
}

/** An address without a key: the hash of its token, null for what cannot be one, and the number beside it. */
export type EventAddress = { key: string | null; account: number };

/** Reads an address without a key. */
export function eventAddress(token: string, account: number): EventAddress {
  return { key: /^[0-9a-f]{32}$/.test(token) ? hashOf(token) : null, account };
}

/** The event at an address without a key; at once where all that is known is fresh, as for nearly every call. Throws `event_definition_not_found`. */
export function requireEventAt(platform: Platform, address: EventAddress): KnownEvent | Promise<KnownEvent> {
  return rememberedAt(platform, address) ?? lookForEventAt(platform, address);
}

async function lookForEventAt(platform: Platform, { key, account }: EventAddress): Promise<KnownEvent> {
  const found = key === null ? undefined : await lookTwice(platform, () => findByToken(platform, key, account), key);
  if (found) return found;
  throw new AppError("event_definition_not_found", "There is no event at this address.");
}

function rememberedAt(platform: Platform, { key, account }: EventAddress): KnownEvent | undefined {
  const memory = memoryOf(platform);
  const owner = key === null ? undefined : memory.owners.get(key);
  if (key === null || owner === undefined || !isFresh(platform, memory)) return undefined;
  const event = currentCatalog(platform, owner)?.byToken.get(key);
  return event?.account === account ? event : undefined;
}

async function findByToken(platform: Platform, key: string, account: number): Promise<KnownEvent | undefined> {
  const owner = memoryOf(platform).owners.get(key);
  const event = owner === undefined ? undefined : (await catalogOf(platform, owner)).byToken.get(key);
  return event?.account === account ? event : undefined;
}

/** Has this process look at the database before it goes by what it knows. To be called when a definition has changed. */
export function distrustCatalog(platform: Platform): void {
  memoryOf(platform).lookedAt = Number.NEGATIVE_INFINITY;
}

/** What is in memory, when that is fresh enough; else, and before anybody is refused, what the database has. */
async function lookTwice(
  platform: Platform,
  find: () => Promise<KnownEvent | undefined>,
  key?: string,
): Promise<KnownEvent | undefined> {
  const memory = memoryOf(platform);
  const remembered = isFresh(platform, memory) ? await find() : undefined;
  if (remembered) return remembered;
  if (key !== undefined && !(await hasOwner(platform, memory, key))) return undefined;
  await look(platform, memory);
  return find();
}

/**
 * Whether the token is somebody's, by memory or by one look at an index: anybody can ask, so a wrong one must not cost more. Owners of tokens
 * that are gone are forgotten when their definitions are read anew.
 */
async function hasOwner({ sql }: Platform, { owners }: Memory, key: string): Promise<boolean> {
  const owner = owners.get(key) ?? (await findTokenWorkspace(sql, key));
  if (owner !== undefined) owners.set(key, owner);
  return owner !== undefined;
}

async function look({ flows, sql, now }: Platform, memory: Memory): Promise<void> {
  const before = memory.lookedAt;
  // At once: the calls that come meanwhile need not look too.
  memory.lookedAt = now().getTime();
  try {
    await flows.refresh(sql);
  } catch (error) {
    memory.lookedAt = before;
    throw error;
  }
}

function isFresh({ now }: Platform, { lookedAt }: Memory): boolean {
  return now().getTime() - lookedAt < trustMs;
}

/** What is in memory, when nothing has changed since as far as this process knows. */
function currentCatalog(platform: Platform, workspaceId: string): Catalog | undefined {
  const found = memoryOf(platform).catalogs.get(workspaceId);
  const revision = platform.flows.workspace(workspaceId)?.routingRevision ?? 0;
  return found && found.revision >= revision ? found : undefined;
}

/** The definitions as of the routing revision that this process knows: every change of one counts it up. */
async function catalogOf(platform: Platform, workspaceId: string): Promise<Catalog> {
  const { catalogs, owners } = memoryOf(platform);
  const current = currentCatalog(platform, workspaceId);
  if (current) return current;
  const outdated = catalogs.get(workspaceId);
  const workspace = platform.flows.workspace(workspaceId);
  const revision = workspace?.routingRevision ?? 0;
  const rows = await loadEventDefinitions(platform.sql, workspaceId);
  const byToken = new Map(
    rows.map((row) => [hashOf(row.token), { ...knownOf(row), account: row.account ?? workspace?.number ?? 0 }]),
  );
  const catalog = { revision, byName: new Map(rows.map((row) => [row.name, knownOf(row)])), byToken };
  for (const key of outdated?.byToken.keys() ?? []) owners.delete(key);
  for (const key of byToken.keys()) owners.set(key, workspaceId);
  catalogs.set(workspaceId, catalog);
  return catalog;
}

function knownOf({ id, workspaceId, name, variables, learns }: EventDefinitionRow): KnownEvent {
  return { workspaceId, definitionId: id, name, variables, learns };
}

function listenedTo({ flows }: Platform, workspaceId: string, name: string): KnownEvent | undefined {
  const isEvent = !name.startsWith("$") && flows.hears(workspaceId, name);
  return isEvent ? { workspaceId, definitionId: null, name, variables: [], learns: true } : undefined;
}

function hashOf(token: string): string {
  return hash("sha256", Buffer.from(token, "hex"), "hex");
}

/** One memory for each process: the cache of flows is one too, and is shared by the platforms of nested transactions. */
function memoryOf({ flows }: Pick<Platform, "flows">): Memory {
  const found = memories.get(flows);
  if (found) return found;
  const memory = { catalogs: new Map(), owners: new Map(), lookedAt: Number.NEGATIVE_INFINITY };
  memories.set(flows, memory);
  return memory;
}
