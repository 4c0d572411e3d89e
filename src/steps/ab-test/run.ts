import { winNames } from "../../core/flow/ab-test.ts";
import { checkKey } from "../../core/flow/about-run.ts";
import type { StepContext, StepKind } from "../../core/flow/step-kind.ts";
import { zoneOf } from "../../core/flow/wait-until.ts";
import { pickByWeight, shareOf } from "../../core/hash.ts";
import { addDuration } from "../../core/time.ts";
import { type AbTestConfig, abTestConfig } from "./schema.ts";

// For a winner that was due and is not there yet.
const againMs = 60_000;

/**
 * Sends contacts by weight to variants until one has won, and then all to the winner. A contact takes the same variant each time while the
 * test is open. The result is {variant, isTest}.
 */
export const abTest: StepKind<AbTestConfig> = {
  name: "ab-test",
  title: "A/B test",
  config: abTestConfig,
  exits: ({ variants }) => variants.map(({ name }) => name),
  listensTo: ({ winBy }) => winNames(winBy),
  pauses: () => false,
  test: ({ variants, winBy, decide }) => ({ variants, by: winBy, decide }),
  check({ winBy }, { stepNames }) {
    if (typeof winBy === "string") return [];
    if ("event" in winBy) return checkKey(winBy.key, "winBy.key");
    if (stepNames.length === 0 || stepNames.includes(winBy.step)) return [];
    return [{ path: "winBy.step", message: `there is no step "${winBy.step}"` }];
  },
  run(config, context) {
    const { contact, flowId, step, abState } = context;
    const winner = config.variants.find(({ name }) => name === abState?.winner)?.name;
    if (winner !== undefined) return { kind: "go", exit: winner, ...taken(winner, false) };
    const dealt = (use: string) => shareOf(`${contact.id}|${flowId}|${step}|${use}`);
    const isOut = config.share !== undefined && dealt("share") * 100 >= config.share;
    if (isOut && !isAlone(config, context)) return { kind: "wait", until: decidedAt(config, context) };
    const variant = pickByWeight(dealt("variant"), config.variants).name;
    return { kind: "go", exit: variant, variant, ...taken(variant, true) };
  },
};

function taken(variant: string, isTest: boolean) {
  return { result: { variant, isTest }, detail: { variant, isTest } };
}

/** Nobody of the share has come in a whole span: who waited for it takes part, for otherwise there would never be a winner. */
function isAlone(config: AbTestConfig, context: StepContext): boolean {
  const at = context.abState === null ? spanEnd(config, context) : null;
  return at !== null && at <= context.now;
}

function decidedAt(config: AbTestConfig, context: StepContext): Date | null {
  const at = spanEnd(config, context);
  return at === null || at > context.now ? at : new Date(context.now.getTime() + againMs);
}

function spanEnd({ decide }: AbTestConfig, context: StepContext): Date | null {
  const { abState, enteredAt, scope } = context;
  if (decide.after === undefined) return null;
  const zone = typeof scope.workspace.timeZone === "string" ? scope.workspace.timeZone : zoneOf(context);
  return addDuration(abState?.startedAt ?? enteredAt, decide.after, zone);
}
