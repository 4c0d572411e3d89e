import { AppError } from "../core/errors.ts";
import { loadEventDefinitions } from "../storage/event-definitions.ts";
import { clearEventLogs } from "../storage/event-logs.ts";
import { listEventRows } from "../storage/event-reads.ts";
import { requireDefinition } from "./event-definitions.ts";
import { type EventView, viewEvent } from "./events.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** The received events of a definition with what is known of who sent them, newest first; what came before the log was cleared is left out. */
export async function listEventLog(
  { sql }: Platform,
  caller: Caller,
  { name, ...page }: PageInput & { name: string },
): Promise<Page<EventView>> {
  requireScope(caller, "events:read");
  const { before, limit } = readPage(page);
  const { workspaceId } = caller;
  const definition = await requireDefinition(sql, workspaceId, name);
  const since = definition.logClearedAt && new Date(definition.logClearedAt.getTime() + 1);
  const rows = await listEventRows(sql, {
    ...{ workspaceId, names: [definition.name], contactId: null, since, until: null, before },
    limit: limit + 1,
  });
  return makePage(rows.map(viewEvent), limit, ({ id }) => id);
}

/** Which logs: by names or numbers of definitions; null for all of the workspace. */
export type LogChoice = { names: readonly string[]; numbers: readonly number[] } | null;

/**
 * Empties logs. They show nothing from before any more, and what is known of the clients is taken out of those events; the events stay, for
 * flows may still have to meet them, and they say why runs began. Throws `event_definition_not_found` with nothing cleared.
 */
export async function clearEventLog(
  { sql, now }: Platform,
  caller: Caller,
  choice: LogChoice,
): Promise<{ cleared: number }> {
  requireScope(caller, "events:write");
  const { workspaceId } = caller;
  const ids = choice && (await chosen(sql, workspaceId, choice));
  return { cleared: await clearEventLogs(sql, { workspaceId, ids, now: now() }) };
}

async function chosen(
  sql: Platform["sql"],
  workspaceId: string,
  { names, numbers }: NonNullable<LogChoice>,
): Promise<string[]> {
  const known = await loadEventDefinitions(sql, workspaceId);
  const ids = [
    ...names.map((wanted) => known.find(({ name }) => name === wanted)?.id),
    ...numbers.map((wanted) => known.find(({ number }) => number === wanted)?.id),
  ];
  return ids.map((id) => {
    if (id === undefined) throw new AppError("event_definition_not_found");
    return id;
  });
}
