import { type AbState, type AbTest, hasRunItsSpan, winnerOf } from "../flow/ab-test.ts";
import { type TakingPart, type Win, winsOf } from "../flow/ab-wins.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import type { FlowLookup, Work } from "../flow/decide.ts";
import type { Decision } from "../flow/decision.ts";
import type { Run } from "../flow/run.ts";
import type { SimulationInput } from "./simulation.ts";
import { winnerFor } from "./stubs.ts";

type Participant = { contactId: string; runId: string; variant: string; visit: number; at: Date; hasWon: boolean };
type Sent = { messageId: string; runId: string; visit: number };
type Taken = {
  contactId: string;
  work: readonly Work[];
  decision: Decision;
  flows: FlowLookup;
  sent: readonly Sent[];
  runs: ReadonlyMap<string, Run>;
  now: Date;
};

/** The A/B tests of a simulation: who takes part, who wins, and what is decided by it, as the engine keeps it in tables. */
export class AbBook {
  readonly #input: SimulationInput;
  readonly #warnings: Set<string>;
  readonly #tests: { flow: CompiledFlow; step: string; test: AbTest }[];
  readonly #states = new Map<string, AbState>();
  readonly #participants = new Map<string, Participant[]>();

  constructor(input: SimulationInput, warnings: Set<string>) {
    this.#input = input;
    this.#warnings = warnings;
    this.#tests = input.flows.flatMap((flow) => flow.tests.map((test) => ({ flow, ...test })));
    for (const { flow, step } of this.#tests) {
      const winner = winnerFor(input.stubs, { flow: flow.definition.name, step });
      if (winner !== undefined) this.#states.set(keyOf(flow.id, step), { startedAt: input.from, winner });
    }
  }

  stateOf(flowId: string, step: string): AbState | null {
    return this.#states.get(keyOf(flowId, step)) ?? null;
  }

  /** Decides the tests whose time has come, as the engine does before a pass. */
  decide(now: Date): void {
    const { timeZone } = this.#input.workspace;
    for (const { flow, step, test } of this.#tests) {
      const key = keyOf(flow.id, step);
      const state = this.#states.get(key);
      if (!state || state.winner !== null || !hasRunItsSpan(test, state.startedAt, { now, timeZone })) continue;
      const participants = this.#participants.get(key) ?? [];
      const winner = winnerOf(test, figuresOf(participants));
      if (winner === null) continue;
      this.#states.set(key, { ...state, winner });
      const name = `"${step}" of "${flow.definition.name}"`;
      this.#warnings.add(
        `The test ${name} has no stub for its winner: ${participants.length} runs of this story decide.`,
      );
    }
  }

  /** Takes down what a pass means to tests: first those who take part from here on, then what is won. */
  take({ contactId, work, decision, flows, sent, runs, now }: Taken): void {
    if (this.#tests.length === 0) return;
    for (const { run, step, variant, visit } of decision.variants) {
      const key = keyOf(run.flowId, step);
      const known = this.#participants.get(key) ?? [];
      this.#participants.set(key, known);
      if (known.every(({ runId }) => runId !== run.id))
        known.push({ contactId, runId: run.id, variant, visit, at: now, hasWon: false });
      if (!this.#states.has(key)) this.#states.set(key, { startedAt: now, winner: null });
    }
    const participating = this.#participating(contactId, runs);
    for (const win of winsOf(work, { decision, flows, participating, workspace: this.#input.workspace, now }))
      for (const participant of this.#participants.get(keyOf(win.flowId, win.step)) ?? [])
        if (participant.contactId === contactId) participant.hasWon ||= isWin(win, participant, { sent, now });
  }

  #participating(contactId: string, runs: ReadonlyMap<string, Run>): TakingPart[] {
    return this.#tests.flatMap(({ flow, step }) =>
      (this.#participants.get(keyOf(flow.id, step)) ?? []).flatMap((participant) => {
        const run = participant.contactId === contactId ? runs.get(participant.runId) : undefined;
        return run ? [{ run, flowId: flow.id, step, visit: participant.visit, at: participant.at }] : [];
      }),
    );
  }
}

function keyOf(flowId: string, step: string): string {
  return `${flowId}|${step}`;
}

function isWin(
  { messageId, runId, visit }: Win,
  participant: Participant,
  { sent, now }: { sent: readonly Sent[]; now: Date },
): boolean {
  if (messageId !== null) {
    const by = sent.find((message) => message.messageId === messageId);
    return by?.runId === participant.runId && participant.visit < by.visit;
  }
  if (runId !== null) return participant.runId === runId && participant.visit < (visit ?? 0);
  return participant.at < now;
}

function figuresOf(participants: readonly Participant[]) {
  return [...new Set(participants.map(({ variant }) => variant))].map((variant) => {
    const own = participants.filter((one) => one.variant === variant);
    return { variant, participants: own.length, wins: own.filter(({ hasWon }) => hasWon).length };
  });
}
