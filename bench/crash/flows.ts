import type { JsonObject } from "../../src/core/json.ts";

export const purposes = ["transactional", "marketing"] as const;
export type Purpose = (typeof purposes)[number];

/** The event that starts the flow of a purpose. */
export function eventOf(purpose: Purpose): string {
  return `crash.${purpose}`;
}

/** Event, HTTP call, branch, a second's wait, mail. An odd number ends in `mailed` with one mail, an even one in `plain` without. */
export function crashFlow(purpose: Purpose, targetPort: number): JsonObject {
  return {
    schema: 1,
    name: `Crash ${purpose}`,
    entries: { begin: { kind: "event", config: { event: eventOf(purpose) }, next: "ask" } },
    steps: {
      ask: {
        kind: "http-action",
        config: {
          method: "POST",
          url: `http://127.0.0.1:${targetPort}/tier`,
          body: { kind: "json", value: { number: "{{ event.number }}", key: "{{ event.key }}" } },
          retryUnsafe: true,
        },
        exits: { success: "which", error: "unanswered" },
      },
      which: {
        kind: "condition",
        config: { paths: [{ name: "gold", when: { field: "steps.ask.body.tier", operator: "is", value: "gold" } }] },
        exits: { gold: "pause", else: "plain" },
      },
      pause: { kind: "wait", config: { for: { amount: 1, unit: "seconds" } }, exits: { next: "mail" } },
      mail: {
        kind: "send-email",
        config: {
          from: "Shop <shop@sender.example>",
          subject: "Event {{ event.key }}",
          html: "<p>{{ event.key }}</p>",
          purpose,
        },
        exits: { next: "mailed" },
      },
      mailed: { kind: "end", config: {}, exits: {} },
      plain: { kind: "end", config: {}, exits: {} },
      unanswered: { kind: "end", config: { reason: "The HTTP action failed." }, exits: {} },
    },
    reentry: { mode: "always", key: "{{ event.key }}" },
  };
}
