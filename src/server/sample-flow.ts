import type { JsonObject } from "../core/json.ts";

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
