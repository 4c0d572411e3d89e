import { createFlow, getFlow, listFlows } from "../operations/flows.ts";
import { type Caller, type Platform, scopes } from "../operations/platform.ts";
import { publishFlow } from "../operations/publish-flow.ts";
import { asPool, holdName } from "../storage/nested-transaction.ts";
import { sampleFlow } from "./sample-flow.ts";

/** Publishes the sample flow in a workspace that has no flow yet. Returns the token of the call that starts it; null when it is not there. */
export async function ensureSampleFlow(platform: Platform, workspaceId: string): Promise<string | null> {
  const caller: Caller = { workspaceId, keyId: null, name: "first start", scopes: new Set(scopes) };
  return platform.sql.begin(async (sql) => {
    // Two processes may start at the same time on one new database.
    await holdName(sql, "first flow");
    const within = { ...platform, sql: asPool(sql) };
    const { data } = await listFlows(within, caller, { limit: 200 });
    // The oldest: people may give the name to flows of their own.
    const sample = data.findLast(({ name, status }) => name === sampleFlow["name"] && status === "active");
    if (sample) return tokenOf(await getFlow(within, caller, { id: sample.id }));
    if (data.length > 0) return null;
    const made = await createFlow(within, caller, { definition: sampleFlow });
    return tokenOf(await publishFlow(within, caller, { id: made.id }));
  });
}

function tokenOf({ incomingCalls }: { incomingCalls: readonly { entry: string; token: string }[] }): string | null {
  return incomingCalls.find(({ entry }) => entry === "purchase")?.token ?? null;
}
