import type { JsonObject } from "../../../src/core/json.ts";
import type { Story } from "../story.ts";
import { askStep, endStep, mailStep, storyFlow, variantStep, waitStep } from "./parts.ts";

const event = "crash.moved";

/**
 * Everybody stands still in the version that a round begins with, waiting for an answer, for ten minutes, or for an event that never comes. Only
 * the next version leads on, so whoever is to end must have begun there or been moved there.
 */
export const moved: Story = {
  event,
  flow: (targetPort) =>
    storyFlow(event, {
      first: "ask",
      steps: {
        ask: askStep(targetPort, "which"),
        which: variantStep({ 0: "still" }, "deaf"),
        still: waitStep(10, "minutes", "mail"),
        deaf: {
          kind: "wait-for",
          config: {
            for: [{ exit: "came", event: "crash.never" }],
            timeout: { after: { amount: 10, unit: "minutes" } },
          },
          exits: { came: "mail", timeout: "mail" },
        },
        mail: mailStep("transactional", "stayed"),
        stayed: endStep,
        unanswered: endStep,
      },
    }),
  ending: () => ({ status: "completed", step: "moved", mails: 1, calls: 1 }),
};

/** The version that a round moves everybody to, and where those at each step go. */
export const nextVersion = {
  flow: (targetPort: number): JsonObject =>
    storyFlow(event, {
      first: "ask",
      steps: {
        ask: askStep(targetPort, "brief"),
        brief: waitStep(1, "seconds", "mail"),
        mail: mailStep("transactional", "moved"),
        moved: endStep,
        unanswered: endStep,
      },
    }),
  map: { which: "brief", still: "brief", deaf: "brief", stayed: "moved" },
};
