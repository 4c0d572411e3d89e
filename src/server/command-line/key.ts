import { isUuid } from "../../core/id.ts";
import { type ApiKeyView, makeApiKey } from "../../operations/api-keys.ts";
import { ensureWorkspace } from "../../operations/ensure-workspace.ts";
import { type Scope, scopes } from "../../operations/platform.ts";
import { listApiKeys, revokeApiKey } from "../../storage/api-keys.ts";
import type { Sql } from "../../storage/database.ts";
import { migrate } from "../../storage/migrate.ts";
import { openDatabaseBeside } from "../open-database.ts";
import { type Command, PlainError, requireConfiguration, say, type Words } from "./command.ts";

export const key: Command = {
  name: "key",
  summary: "make, list and revoke API keys",
  help: `  staffetta key create --name shop [--scopes events:write,contacts:read]
  staffetta key list
  staffetta key revoke <id>

A key is shown once, when it is made; only its hash is kept. Without --scopes it may do everything.
Scopes: ${scopes.join(", ")}.`,
  takesWords: true,
  options: { name: { type: "string" }, scopes: { type: "string" } },
  async run(words) {
    const act = actionOf(words);
    const database = await openDatabaseBeside(requireConfiguration());
    try {
      await migrate(database.sql);
      await act(database.sql, await ensureWorkspace(database.sql, new Date()));
      return 0;
    } finally {
      await database.close();
    }
  },
};

type Act = (sql: Sql, workspaceId: string) => Promise<void>;

/** Looks at the words before the database is opened, so that a slip costs nothing. */
function actionOf({ values, positionals: [action, id, ...more] }: Words): Act {
  if (more.length > 0) throw new PlainError(`There is one word too many: ${more[0]}.`, 2);
  if (action === "create" && id === undefined) return create(readName(values["name"]), readScopes(values["scopes"]));
  if (action === "list" && id === undefined) return list;
  if (action === "revoke") return revoke(readId(id));
  throw new PlainError("Say what to do with keys: create, list or revoke (staffetta key --help).", 2);
}

function create(name: string, wanted: readonly Scope[]): Act {
  return async (sql, workspaceId) => {
    const made = await makeApiKey(sql, { workspaceId, name, scopes: wanted, now: new Date() });
    say(made.key);
    process.stderr.write(`The key ${made.id} was made. It is not shown again.\n`);
  };
}

async function list(sql: Sql, workspaceId: string): Promise<void> {
  const keys = await listApiKeys(sql, workspaceId);
  if (keys.length === 0) say("There are no keys.");
  for (const item of keys) say(describe(item));
}

function describe({ id, hint, name, scopes: held, createdAt, lastUsedAt, revokedAt }: ApiKeyView): string {
  const extent = held.length === scopes.length ? "all scopes" : held.join(",");
  const used = lastUsedAt ? `last used ${lastUsedAt.toISOString()}` : "never used";
  const state = revokedAt ? `revoked ${revokedAt.toISOString()}` : used;
  return [id, hint, name, extent, `made ${createdAt.toISOString()}`, state].join("  ");
}

function revoke(id: string): Act {
  return async (sql, workspaceId) => {
    const isFound = await revokeApiKey(sql, { workspaceId, id, now: new Date() });
    if (!isFound) throw new PlainError(`There is no key ${id}; staffetta key list shows them.`);
    say("Revoked. It stops working everywhere within five seconds.");
  };
}

function readName(name: unknown): string {
  if (typeof name === "string" && name.trim() !== "" && name.length <= 200) return name.trim();
  throw new PlainError("Give the key a name of 1 to 200 characters: --name shop.", 2);
}

function readScopes(text: unknown): readonly Scope[] {
  if (typeof text !== "string") return scopes;
  const wanted = text.split(",").map((scope) => scope.trim());
  const unknown = wanted.find((scope) => !(scopes as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new PlainError(`There is no scope "${unknown}"; there are ${scopes.join(", ")}.`, 2);
  return [...new Set(wanted)] as Scope[];
}

function readId(id: string | undefined): string {
  if (id !== undefined && isUuid(id)) return id;
  throw new PlainError("Name the key by its id, as staffetta key list shows it.", 2);
}
