import type { JsonObject } from "../../../src/core/json.ts";

/** A call of the target, which answers with the tier `gold` to an odd number. */
export function askStep(targetPort: number, next: string): JsonObject {
  return {
    kind: "http-action",
    config: {
      method: "POST",
      url: `http://127.0.0.1:${targetPort}/tier`,
      body: { kind: "json", value: { number: "{{ event.number }}", key: "{{ event.key }}" } },
      retryUnsafe: true,
    },
    exits: { success: next, error: "unanswered" },
  };
}

/** A mail, after which the run ends in `next`. */
export function mailStep(purpose: "transactional" | "marketing", next: string): JsonObject {
  const config = {
    from: "Shop <shop@sender.example>",
    subject: "Event {{ event.key }}",
    html: "<p>{{ event.key }}</p>",
    purpose,
  };
  return { kind: "send-email", config, exits: { next } };
}

/** Sends each of the variants on by the exit `is<variant>`, the others by `else`. */
export function variantStep(exits: { [variant: number]: string }, others: string): JsonObject {
  const variants = Object.keys(exits).map(Number);
  const paths = variants.map((value) => ({
    name: `is${value}`,
    when: { field: "event.variant", operator: "is", value },
  }));
  const ways = variants.map((value) => [`is${value}`, exits[value] ?? others] as const);
  return { kind: "condition", config: { paths }, exits: { ...Object.fromEntries(ways), else: others } };
}

export function waitStep(amount: number, unit: "seconds" | "minutes", next: string): JsonObject {
  return { kind: "wait", config: { for: { amount, unit } }, exits: { next } };
}

export const endStep: JsonObject = { kind: "end", config: {}, exits: {} };

/** A flow that every event of the name starts, once for each key. */
export function storyFlow(event: string, { first, steps, ...rest }: { first: string; steps: JsonObject } & JsonObject) {
  return {
    schema: 1,
    name: `Crash: ${event}`,
    entries: { begin: { kind: "event", config: { event }, next: first } },
    steps,
    reentry: { mode: "always", key: "{{ event.key }}" },
    ...rest,
  };
}
