import { randomBytes } from "node:crypto";
import { guessVariables } from "../core/event-variables.ts";
import type { JsonObject } from "../core/json.ts";
import { countEventDefinitions, insertEventDefinition, learnVariables } from "../storage/event-definitions.ts";
import { bumpRoutingRevision, findWorkspace } from "../storage/workspaces.ts";
import type { KnownEvent } from "./event-catalog.ts";
import { newId } from "./new-id.ts";
import type { Platform } from "./platform.ts";

/** The most event definitions of a workspace. */
export const maxEventDefinitions = 1000;

/**
 * Declares an event as the first call with variables shows it; of an event that only flows know, the definition is made. Once, whoever else
 * tries.
 */
export async function learnEvent(
  { sql, now, flows }: Platform,
  { workspaceId, definitionId, name }: KnownEvent,
  payload: JsonObject,
): Promise<void> {
  const variables = guessVariables(payload);
  const learns = variables.length === 0;
  if (learns && definitionId !== null) return;
  const at = now();
  await sql.begin(async (transaction) => {
    // First, like everybody who writes definitions: so no two wait for each other.
    await findWorkspace(transaction, workspaceId, { lock: true });
    const isLearnt =
      definitionId === null
        ? (await countEventDefinitions(transaction, workspaceId)) < maxEventDefinitions &&
          (await insertEventDefinition(transaction, {
            ...{ id: newId(), workspaceId, name, token: newToken(), account: null, variables, learns },
            ...{ createdAt: at, updatedAt: at },
          })) !== undefined
        : await learnVariables(transaction, { workspaceId, id: definitionId, variables, now: at });
    if (isLearnt) await bumpRoutingRevision(transaction, workspaceId);
  });
  // So that the next call does not come here again.
  await flows.refresh(sql);
}

/** The token of an address that takes calls without a key: 32 hex digits, 128 random bits. */
export function newToken(): string {
  return randomBytes(16).toString("hex");
}
