import type { Decision } from "../flow/decision.ts";
import { flowLimits } from "../flow/definition.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import { priorities } from "../flow/priority.ts";
import type { Run, TrailEntry } from "../flow/run.ts";
import type { Occurrence } from "../flow/step-kind.ts";
import { mailOf, requestOf, stepOf } from "./effect-config.ts";
import { occurrenceOf } from "./line.ts";
import type { SimulatedMessage } from "./simulation.ts";
import { callStubs, type StubbedAttempt } from "./stub-http.ts";
import { sendToStubs } from "./stub-message.ts";
import type { MessageStub } from "./stubs.ts";
import { placeOfRun, type Telling } from "./telling.ts";

const fallbackFrom = "Staffetta <staffetta@example.com>";

/** Takes down what a pass decided, and does in the simulation what the engine does with it: effects are performed, events put in line. */
export function keepDecision(telling: Telling, decision: Decision, now: Date): void {
  const { stage } = telling;
  for (const { run, trail } of decision.runs.values()) {
    telling.runs.set(run.id, run);
    for (const entry of trail) addStep(telling, run, entry);
    if (run.reason === "loop_guard") warn(telling, run, "was ended by the loop guard");
  }
  for (const outcome of decision.outcomes) addOutcome(telling, outcome, now);
  for (const { error, flowId } of decision.bugs) {
    const flow = stage.byId.get(flowId)?.definition.name ?? flowId;
    stage.warnings.add(`A step or entry of "${flow}" threw: ${error instanceof Error ? error.message : String(error)}`);
  }
  keepSuppressions(telling, decision);
  takeBack(telling, decision, now);
  for (const { run, effect } of decision.effects) perform(telling, run, { effect, now });
  for (const made of decision.occurrences) addEvent(telling, occurrenceOf(made, now), made.isHeard);
  if (decision.changed !== null) telling.line.add({ kind: "changed", priority: decision.changed });
}

/** What runs had asked for that were ended before their time, and nobody has begun: messages of this pass, and attempts still to come. */
function takeBack({ stage, told }: Telling, { stopped, withdrawn }: Decision, now: Date): void {
  const at = now.toISOString();
  const ended = new Map(stopped.map((run) => [run.id, run]));
  const isBegun = (one: { runId: string; at: string }) => !(ended.has(one.runId) && one.at > at);
  told.calls = told.calls.filter(isBegun);
  told.steps = told.steps.filter(isBegun);
  for (const { run, effect } of withdrawn) {
    if (!effect.message) continue;
    const about = { ...effect.message, status: "cancelled" as const, reason: ended.get(run.id)?.reason ?? null };
    const nothing = { from: null, to: null, subject: null, html: null, text: null };
    told.messages.push({ ...placeOfRun(stage, run), step: effect.step, at, ...about, ...nothing });
  }
}

/** The first reason stays, as it does in the engine. */
function keepSuppressions({ suppressed }: Telling, { changes }: Decision): void {
  for (const change of changes) {
    if (change.kind !== "suppress") continue;
    const key = `${change.channel}|${change.address}`;
    if (!suppressed.has(key)) suppressed.set(key, change.reason);
  }
}

function addOutcome({ stage, told, eventNames }: Telling, outcome: Decision["outcomes"][number], now: Date): void {
  const { eventId, flowId, entry, reason, detail, runId } = outcome;
  const flow = stage.byId.get(flowId)?.definition.name ?? flowId;
  const about = { eventId, event: eventNames.get(eventId) ?? "", flow, flowId, entry, reason, detail, runId };
  told.outcomes.push({ at: now.toISOString(), outcome: outcome.outcome, ...about });
  if (reason === "loop_guard") stage.warnings.add(`The flow "${flow}" was not started again: loop guard.`);
}

/** Takes down an event that a flow made; it is put in line where some flow hears it. */
function addEvent(telling: Telling, event: Occurrence, isHeard: boolean): void {
  const { id, name, payload, acceptedAt } = event;
  telling.eventNames.set(id, name);
  telling.events.unshift({ name, payload, occurredAt: acceptedAt });
  telling.told.events.push({ id, at: acceptedAt.toISOString(), name, payload, source: "flow" });
  if (isHeard) telling.line.add(event);
}

function addStep({ stage, told }: Telling, run: Run, entry: TrailEntry): void {
  stage.steps += 1;
  told.steps.push({ ...placeOfRun(stage, run), ...entry });
  const word = wordOf(entry);
  if (word !== null) told.path.push(word);
}

function wordOf({ kind, step, outcome, exit, reason }: TrailEntry): string | null {
  if (outcome === "went") return `${step}:${exit}`;
  if (outcome === "ended") return step;
  if (outcome === "moved") return `${step}:>`;
  // A notice that failed has not ended the run.
  if (kind === "http" || kind === "email") return null;
  return outcome === "failed" || outcome === "exited" || outcome === "cancelled" ? `!${reason}` : null;
}

type Asked = { effect: Decision["effects"][number]["effect"]; now: Date };

function perform(telling: Telling, run: Run, asked: Asked): void {
  const { effect, now } = asked;
  if (effect.kind === "http") call(telling, run, asked);
  else if (effect.kind === "email") send(telling, run, asked);
  else if (effect.awaited) answer(telling, { run, visit: effect.visit, at: now, ok: true });
}

type Answer = { run: Run; visit: number; at: Date; ok: boolean; result?: ReturnType<typeof callStubs>["answer"] };

function answer({ answers }: Telling, { run, visit, at, ok, result = { ok, result: {} } }: Answer): void {
  answers.push({ at, work: { kind: "answer", runId: run.id, visit, answer: result } });
}

function call(telling: Telling, run: Run, { effect, now }: Asked): void {
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
  if (effect.awaited)
    answer(telling, { run, visit: effect.visit, at: made.at, ok: made.answer.ok, result: made.answer });
}

type Noted = { attempt: StubbedAttempt; effect: Asked["effect"]; kind: string };

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

function send(telling: Telling, run: Run, { effect, now }: Asked): void {
  const { stage, told, suppressed } = telling;
  const flow = stage.flows.version(run.flowId, run.version);
  if (!flow) return;
  const template = mailOf(stepOf(flow, effect.step));
  const { defaultFrom = fallbackFrom, stubs, keepsTexts = true } = stage.input;
  const place = { flow: flow.definition.name, step: effect.step };
  const { outcome, stub } = sendToStubs(stubs, { ...place, effect, template, defaultFrom, suppressed });
  const texts = keepsTexts ? {} : { html: null, text: null };
  const message = { ...placeOfRun(stage, run), step: effect.step, at: now.toISOString(), ...outcome, ...texts };
  told.messages.push(message);
  if (!effect.message) noteNotice(telling, run, { effect, message });
  if (message.status === "failed") warn(telling, run, `could not send at "${effect.step}": ${message.reason}`);
  if (effect.message) followMessage(telling, { run, message, stub, now });
  if (effect.awaited) answer(telling, { run, visit: effect.visit, at: now, ok: message.status === "sent" });
}

/** A notice has no life of its own as a message has, so the trail says what became of it. */
function noteNotice(
  telling: Telling,
  run: Run,
  { effect, message }: { effect: Asked["effect"]; message: SimulatedMessage },
): void {
  const { at, status, reason } = message;
  const outcome = status === "sent" ? "performed" : "failed";
  const place = { visit: effect.visit, step: effect.step, enteredAt: run.enteredAt.toISOString(), at };
  addStep(telling, run, { ...place, kind: "email", outcome, ...(reason === null ? {} : { reason }) });
}

type Sent = { run: Run; message: SimulatedMessage; stub: MessageStub | undefined; now: Date };

/** What becomes of the message: the end of its sending at once, and what stubs tell of its receiver later. Flows may listen to it. */
function followMessage({ stage, later }: Telling, { run, message, stub, now }: Sent): void {
  const messageId = stage.newId(run.lane);
  const about = { messageId, flowId: run.flowId, step: message.step };
  const isSent = message.status === "sent";
  const happened = [
    { type: message.status, afterMs: 0, link: null, priority: run.priority },
    ...(isSent ? (stub?.events ?? []) : []).map((event) => ({ link: null, priority: priorities.normal, ...event })),
  ];
  for (const { type, afterMs, link = null, priority } of happened) {
    const at = new Date(now.getTime() + afterMs);
    const payload = { message: messageId, channel: message.channel, flow: run.flowId, step: message.step, link };
    const depth = afterMs >= flowLimits.guardPauseMs ? 0 : run.depth + 1;
    const made = { id: stage.newId(run.lane), name: occurrenceName.message(type), payload, target: null };
    later.push({ at, occurrence: { ...made, depth, priority }, past: { type, at, link, ...about } });
  }
}

function warn({ stage }: Telling, run: Run, what: string): void {
  stage.warnings.add(`A run of "${placeOfRun(stage, run).flow}" ${what}.`);
}
