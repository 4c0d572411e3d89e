import type { JsonObject } from "../core/json.ts";
import { createFlow, getFlow, listFlows } from "../operations/flows.ts";
import { type Caller, type Platform, scopes } from "../operations/platform.ts";
import { publishFlow } from "../operations/publish-flow.ts";
import { asPool, holdName } from "../storage/nested-transaction.ts";

/** A purchase that gets the sample flow to write the mail for large orders. */
export const samplePurchase: JsonObject = { email: "ada@example.com", name: "Ada", orderId: "A-1001", total: 120 };

const mail = (subject: string, html: string): JsonObject => ({
  kind: "send-email",
  config: { subject, html, purpose: "transactional" },
  exits: { next: null },
});

/** A flow that runs on its own: no API to call, no list to make first. */
export const sampleFlow: JsonObject = {
  schema: 1,
  name: "After a purchase",
  description:
    "A call from a shop starts it. Orders of 100 or more get a thank-you with a gift a second later, others a plain thank-you at once.",
  entries: {
    purchase: {
      kind: "incoming-call",
      config: { map: { email: "email", firstName: "name", lastOrder: "orderId" } },
      next: "how-much",
    },
  },
  steps: {
    "how-much": {
      kind: "condition",
      config: { paths: [{ name: "large", when: { field: "event.total", operator: "atLeast", value: 100 } }] },
      exits: { large: "pause", else: "thanks" },
    },
    pause: { kind: "wait", config: { for: { amount: 1, unit: "seconds" } }, exits: { next: "thanks-with-gift" } },
    "thanks-with-gift": mail(
      "Thank you, {{ contact.firstName }}: a gift for order {{ event.orderId }}",
      "<p>Hello {{ contact.firstName }},</p><p>thank you for order {{ event.orderId }}. We add a gift to it.</p>",
    ),
    thanks: mail(
      "Thank you for order {{ event.orderId }}",
      "<p>Hello {{ contact.firstName }},</p><p>thank you for order {{ event.orderId }}.</p>",
    ),
  },
  reentry: { mode: "always", whileRunning: "beside" },
};

/** Publishes the sample flow in a workspace that has no flow yet. Returns the token of the call that starts it; null when it is not there. */
export async function ensureSampleFlow(platform: Platform, workspaceId: string): Promise<string | null> {
  const caller: Caller = { workspaceId, keyId: null, name: "first start", scopes: new Set(scopes) };
  return platform.sql.begin(async (sql) => {
    // Two processes may start at the same time on one new database.
    await holdName(sql, "first flow");
    const within = { ...platform, sql: asPool(sql) };
    const { data } = await listFlows(within, caller, { limit: 200 });
    const sample = data.find(({ name, status }) => name === sampleFlow["name"] && status === "active");
    if (sample) return tokenOf(await getFlow(within, caller, { id: sample.id }));
    if (data.length > 0) return null;
    const made = await createFlow(within, caller, { definition: sampleFlow });
    return tokenOf(await publishFlow(within, caller, { id: made.id }));
  });
}

function tokenOf({ incomingCalls }: { incomingCalls: readonly { entry: string; token: string }[] }): string | null {
  return incomingCalls.find(({ entry }) => entry === "purchase")?.token ?? null;
}
