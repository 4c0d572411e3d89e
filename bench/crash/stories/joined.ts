import type { Story } from "../story.ts";
import { askStep, endStep, mailStep, storyFlow, variantStep, waitStep } from "./parts.ts";

/**
 * Ways that part and meet. Variant 0 comes to the mail by way of a wait and a go-to, 1 by way of a call, 3 after a second round of a loop; 2 stands
 * in a wait of ten minutes, which nothing ends but the exit rule.
 */
export const joined: Story = {
  event: "crash.joined",
  flow: (targetPort) =>
    storyFlow("crash.joined", {
      first: "which",
      exitWhen: [{ event: "crash.stop", where: { field: "run.event.variant", operator: "is", value: 2 } }],
      steps: {
        which: variantStep({ 0: "pause", 1: "ask", 2: "stay" }, "begin"),
        pause: waitStep(1, "seconds", "join"),
        join: { kind: "go-to", config: { step: "mail" }, exits: {} },
        ask: askStep(targetPort, "mail"),
        stay: waitStep(10, "minutes", "unanswered"),
        begin: { kind: "set-variable", config: { variables: { rounds: "0" } }, exits: { next: "round" } },
        round: {
          kind: "set-variable",
          config: { variables: { rounds: "{{ run.rounds }}1" } },
          exits: { next: "twice" },
        },
        twice: {
          kind: "condition",
          config: { paths: [{ name: "yes", when: { field: "run.rounds", operator: "is", value: "011" } }] },
          exits: { yes: "mail", else: "rest" },
        },
        rest: waitStep(1, "seconds", "again"),
        again: { kind: "go-to", config: { step: "round" }, exits: {} },
        mail: mailStep("transactional", "mailed"),
        mailed: endStep,
        unanswered: endStep,
      },
    }),
  sequel: (variant) => (variant === 2 ? "crash.stop" : null),
  ending: (variant) =>
    variant === 2
      ? { status: "exited", step: "stay", mails: 0, calls: 0 }
      : { status: "completed", step: "mailed", mails: 1, calls: variant === 1 ? 1 : 0 },
};
