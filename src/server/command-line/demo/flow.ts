import type { JsonObject } from "../../../core/json.ts";

/** The flow of the demo and of examples/after-purchase: a call from a shop, a question to the loyalty API at `api`, the right mail. */
export function purchaseFlow(api: string): JsonObject {
  return {
    schema: 1,
    name: "After a purchase",
    description:
      "A call from the shop starts it. The loyalty API says which tier the customer has, and the mail follows the answer.",
    entries: {
      purchase: {
        kind: "incoming-call",
        config: { map: { email: "email", externalId: "customerId", firstName: "name" } },
        next: "ask-loyalty",
      },
    },
    steps: {
      "ask-loyalty": {
        kind: "http-action",
        title: "Which tier?",
        config: {
          method: "GET",
          url: `${api}/customers/{{ contact.externalId }}`,
          save: [{ property: "tier", path: "body.tier" }],
        },
        exits: { success: "which-tier", error: "plain-words" },
      },
      "which-tier": {
        kind: "condition",
        config: {
          paths: [{ name: "gold", when: { field: "steps.ask-loyalty.body.tier", operator: "is", value: "gold" } }],
        },
        exits: { gold: "gold-thanks", else: "thanks" },
      },
      "gold-thanks": mail(
        "A gift for you, {{ contact.firstName }}",
        "Order {{ event.orderId }} is on its way, with a gift: you are gold.",
      ),
      thanks: mail(
        "Thank you, {{ contact.firstName }}",
        "Order {{ event.orderId }} is on its way. You are on the {{ contact.tier }} tier.",
      ),
      "plain-words": mail(
        "Your order {{ event.orderId }}",
        "Order {{ event.orderId }} is on its way, {{ contact.firstName }}.",
      ),
    },
    reentry: { mode: "always", key: "{{ event.orderId }}", whileRunning: "ignore" },
  };
}

function mail(subject: string, text: string): JsonObject {
  return {
    kind: "send-email",
    // By name, so that a server with a relay keeps it to itself too.
    config: { subject, html: `<p>${text}</p>`, purpose: "transactional", transport: "sandbox" },
    exits: { next: null },
  };
}
