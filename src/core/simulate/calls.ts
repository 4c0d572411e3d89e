import type { AskedEffect } from "../flow/advanced.ts";
import type { Run } from "../flow/run.ts";
import { requestOf, stepOf } from "./effect-config.ts";
import { callStubs, type StubbedAttempt } from "./stub-http.ts";
import { addStep, placeOfRun, type Telling, warn } from "./telling.ts";

/** Makes an HTTP call that a run asks for against the stubs, and has the run answered when it waits for that. */
export function call(telling: Telling, run: Run, { effect, now }: { effect: AskedEffect; now: Date }): void {
  const { stage, called } = telling;
  const flow = stage.flows.version(run.flowId, run.version);
  if (!flow) return;
  const step = stepOf(flow, effect.step);
  const config = requestOf(step);
  if (!config) return;
  const place = { flow: flow.definition.name, step: effect.step };
  const ask = { ...place, config, data: effect.data, at: now, called };
  const made = callStubs(stage.input.stubs, ask);
  for (const attempt of made.attempts) noteAttempt(telling, run, { attempt, effect, kind: step.kind.name });
  const { visit } = effect;
  if (effect.awaited)
    telling.world.push({
      at: made.at,
      kind: "answer",
      work: { kind: "answer", runId: run.id, visit, answer: made.answer },
    });
}

type Noted = { attempt: StubbedAttempt; effect: AskedEffect; kind: string };

/** Takes down an attempt. Its trail has those that are tried again, and the end of a call that the run does not wait for. */
function noteAttempt(telling: Telling, run: Run, { attempt, effect, kind }: Noted): void {
  const { stage, told } = telling;
  const { againAt, at, answer: given, ...about } = attempt;
  if (at > stage.input.until) return;
  const { step, visit } = effect;
  told.calls.push({ ...placeOfRun(stage, run), step, at: at.toISOString(), ...about, answer: given });
  if (!attempt.stubbed) warn(telling, run, `calls HTTP at "${step}" without a stub: answered with 200 and {}`);
  const { reason } = given;
  const entry = { visit, step, enteredAt: run.enteredAt.toISOString(), at: at.toISOString() };
  const why = reason === undefined ? {} : { reason };
  if (againAt !== null) {
    const detail = { nextAttemptAt: againAt.toISOString() };
    addStep(telling, run, { ...entry, kind, outcome: "retrying", ...why, detail });
  } else if (!effect.awaited)
    addStep(telling, run, { ...entry, kind: "http", outcome: reason === undefined ? "performed" : "failed", ...why });
}
