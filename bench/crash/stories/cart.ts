import type { JsonObject } from "../../../src/core/json.ts";
import type { Story } from "../story.ts";
import { endStep, mailStep, storyFlow, variantStep } from "./parts.ts";

/**
 * Waits for what comes under the run's own key. Variant 1 is paid for: nothing but the event with its key can end its wait of ten minutes. The
 * others are left by the timeout, whatever is paid in other carts of the contact; the clock of variant 3 is begun anew once.
 */
export const cart: Story = {
  event: "crash.cart",
  flow: () =>
    storyFlow("crash.cart", {
      first: "which",
      steps: {
        which: variantStep({ 1: "paying" }, "leaving"),
        paying: paidStep({ amount: 10, unit: "minutes" }),
        leaving: paidStep({ amount: 2, unit: "seconds" }),
        mail: mailStep("transactional", "thanked"),
        thanked: endStep,
        left: endStep,
      },
    }),
  sequel: (variant) => ({ 1: "crash.paid", 3: "crash.touched" })[variant] ?? null,
  ending: (variant) =>
    variant === 1
      ? { status: "completed", step: "thanked", mails: 1, calls: 0 }
      : { status: "completed", step: "left", mails: 0, calls: 0 },
};

function paidStep(after: JsonObject): JsonObject {
  const key = { event: "{{ event.story }}", run: "{{ run.key }}" };
  const config = {
    for: [{ exit: "paid", event: "crash.paid", key }],
    timeout: { after },
    restartOn: [{ event: "crash.touched", key }],
  };
  return { kind: "wait-for", config, exits: { paid: "mail", timeout: "left" } };
}
