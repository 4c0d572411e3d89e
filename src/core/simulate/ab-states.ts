import { hasRunItsSpan } from "../flow/ab-test.ts";
import type { AbStates } from "../flow/advance.ts";
import type { SimulationInput } from "./simulation.ts";
import { winnerFor } from "./stubs.ts";

type Standing = { input: SimulationInput; clock: { readonly now: Date }; warnings: Set<string> };

/**
 * How A/B tests stand: each begins with the simulation. A stub names its winner; without one the first variant wins at the end of the span, for
 * what the contacts of a story do says nothing of what many will.
 */
export function abStatesOf({ input, clock, warnings }: Standing): AbStates {
  const { flows, stubs, from, workspace } = input;
  const byId = new Map(flows.map((flow) => [flow.id, flow]));
  return (flowId, step) => {
    const flow = byId.get(flowId);
    const test = flow?.tests.find((one) => one.step === step)?.test;
    if (!flow || !test) return null;
    const { name } = flow.definition;
    const given = winnerFor(stubs, { flow: name, step });
    if (given !== undefined) return { startedAt: from, winner: given };
    const isOver = test.decide.after !== undefined && hasRunItsSpan(test, from, { ...workspace, now: clock.now });
    if (!isOver) return { startedAt: from, winner: null };
    warnings.add(`The test "${step}" of "${name}" has no stub for its winner: its first variant wins.`);
    return { startedAt: from, winner: test.variants[0]?.name ?? null };
  };
}
