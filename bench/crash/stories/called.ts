import type { Story } from "../story.ts";
import { askStep, endStep, mailStep, storyFlow, waitStep } from "./parts.ts";

/** Event, HTTP call, branch by its answer, a second's wait, mail. An odd number ends in `mailed` with one mail, an even one in `plain` without. */
export function called(purpose: "transactional" | "marketing"): Story {
  const event = `crash.${purpose}`;
  return {
    event,
    flow: (targetPort) =>
      storyFlow(event, {
        first: "ask",
        steps: {
          ask: askStep(targetPort, "which"),
          which: {
            kind: "condition",
            config: {
              paths: [{ name: "gold", when: { field: "steps.ask.body.tier", operator: "is", value: "gold" } }],
            },
            exits: { gold: "pause", else: "plain" },
          },
          pause: waitStep(1, "seconds", "mail"),
          mail: mailStep(purpose, "mailed"),
          mailed: endStep,
          plain: endStep,
          unanswered: endStep,
        },
      }),
    ending: (variant) =>
      variant % 2 === 1
        ? { status: "completed", step: "mailed", mails: 1, calls: 1 }
        : { status: "completed", step: "plain", mails: 0, calls: 1 },
  };
}
