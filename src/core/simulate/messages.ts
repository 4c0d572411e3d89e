import type { AskedEffect } from "../flow/advanced.ts";
import { flowLimits } from "../flow/definition.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import { type Priority, priorities } from "../flow/priority.ts";
import type { Run } from "../flow/run.ts";
import type { SendingVerdict } from "../message/sending.ts";
import { mailOf, stepOf } from "./effect-config.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";
import { renderEffect } from "./render-effect.ts";
import { uncount, verdictOn } from "./rules.ts";
import type { MessageReport, SimulatedMessage } from "./simulation.ts";
import { messageStubFor } from "./stubs.ts";
import { addStep, type MessageNews, placeOfRun, type Telling, warn } from "./telling.ts";

const fallbackFrom = "Staffetta <staffetta@example.com>";
const unsent = { reason: null, sentAt: null, from: null, to: null, subject: null, html: null, text: null };

/** Takes a mail that a run asks for to the world. */
export function send(telling: Telling, run: Run, { effect, now }: { effect: AskedEffect; now: Date }): void {
  const { stage, told } = telling;
  const flow = stage.flows.version(run.flowId, run.version);
  const template = flow && mailOf(stepOf(flow, effect.step));
  if (!(flow && template)) return;
  const { channel, purpose } = effect.message ?? { channel: effect.kind, purpose: "notice" };
  const about = { step: effect.step, at: now.toISOString(), channel, purpose, status: "deferred" as const };
  const message: SimulatedMessage = { ...placeOfRun(stage, run), ...about, ...unsent };
  told.messages.push(message);
  const mail = { id: stage.newId(run.lane), run, flow, effect, template, message, putOffBy: null };
  telling.world.push({ at: now, kind: "mail", mail });
}

type News = MessageNews & { at: Date };

/**
 * Tries to hand over a mail now: it must be fit to be sent, its address wanted, and no rule against it. Returns what is heard of it at once; what
 * stubs tell of its receiver comes later.
 */
export function handOver(telling: Telling, mail: OutgoingMail, now: Date): News[] {
  const { run, effect, template, message } = mail;
  const { defaultFrom = fallbackFrom, keepsTexts = true } = telling.stage.input;
  const rendered = renderEffect(template, effect.data, defaultFrom);
  if ("reason" in rendered) {
    warn(telling, run, `could not send at "${effect.step}": ${rendered.reason}`);
    return settle(telling, mail, { status: "failed", reason: rendered.reason, now });
  }
  Object.assign(message, rendered, keepsTexts ? {} : { html: null, text: null });
  // A notice to people of the workspace asks nobody.
  const isMessage = effect.message !== undefined;
  const reason = isMessage ? telling.suppressed.get(`${message.channel}|${rendered.to}`) : undefined;
  if (reason !== undefined) return settle(telling, mail, { status: "held", reason, now });
  const verdict = verdictOn(telling, { ...mail, channel: message.channel, isMessage }, now);
  if (verdict.kind === "drop") return drop(telling, mail, { verdict, now });
  return verdict.kind === "hold" ? putOff(telling, mail, { verdict, now }) : deliver(telling, mail, now);
}

function deliver(telling: Telling, mail: OutgoingMail, now: Date): News[] {
  const { id, run, flow, effect, message } = mail;
  const place = { flow: flow.definition.name, step: effect.step, to: message.to };
  const { fail, events = [] } = messageStubFor(telling.stage.input.stubs, place) ?? {};
  if (fail !== undefined) uncount(telling, id, run.contactId);
  const heard = settle(telling, mail, { status: fail ?? "sent", reason: fail === undefined ? null : "stub", now });
  if (fail !== undefined || !effect.message) return heard;
  for (const { type, afterMs, link = null } of events) {
    const at = new Date(now.getTime() + afterMs);
    telling.world.push({ kind: "news", ...newsOf(telling, mail, { type, at, link, ...ofReceiver }) });
  }
  return heard;
}

const ofReceiver = { priority: priorities.normal };

type End = { status: SimulatedMessage["status"]; reason: string | null; now: Date };

/** What the attempt came to. A notice has no life of its own as a message has, so the trail says what became of it. */
function settle(telling: Telling, mail: OutgoingMail, { status, reason, now }: End): News[] {
  const { run, effect, message, id } = mail;
  const isSent = status === "sent";
  Object.assign(message, { status, reason, sentAt: isSent ? now.toISOString() : null });
  if (!effect.message) {
    const why = reason === null ? {} : { reason };
    addStep(telling, run, {
      ...trailPlace(mail, now),
      kind: "email",
      outcome: isSent ? "performed" : "failed",
      ...why,
    });
    return [];
  }
  const { visit, step } = effect;
  const about = { messageId: id, flowId: run.flowId, step, channel: message.channel, runId: run.id, visit };
  if (isSent) telling.sent.push({ ...about, depth: run.depth, askedAt: new Date(message.at) });
  return [newsOf(telling, mail, { type: status, at: now, link: null, priority: run.priority })];
}

type Ruled<Kind> = { verdict: Extract<SendingVerdict, { kind: Kind }>; now: Date };

function drop(telling: Telling, mail: OutgoingMail, { verdict: { rule, detail }, now }: Ruled<"drop">): News[] {
  const heard = settle(telling, mail, { status: "dropped", reason: rule, now });
  const what = { rule: detail, message: mail.id };
  const place = { ...trailPlace(mail, now), kind: "send-email" };
  addStep(telling, mail.run, { ...place, outcome: "dropped", reason: rule, detail: what });
  return heard;
}

/** It says so once in the line of a rate, where it waits again and again. */
function putOff(telling: Telling, mail: OutgoingMail, { verdict: { rule, until }, now }: Ruled<"hold">): News[] {
  telling.world.push({ at: until, kind: "mail", mail: { ...mail, putOffBy: rule } });
  if (rule === "rate_limit" && mail.putOffBy === rule) return [];
  const { effect, run, message } = mail;
  Object.assign(message, { status: "deferred", reason: rule });
  if (effect.message) return [newsOf(telling, mail, { type: "deferred", at: now, link: null, priority: run.priority })];
  addStep(telling, run, { ...trailPlace(mail, now), kind: "email", outcome: "retrying" });
  return [];
}

function trailPlace({ effect: { visit, step }, run }: OutgoingMail, now: Date) {
  return { visit, step, enteredAt: run.enteredAt.toISOString(), at: now.toISOString() };
}

type What = { type: string; at: Date; link: string | null; priority: Priority };

function newsOf(telling: Telling, { id, run, effect, message }: OutgoingMail, news: What): News {
  const { channel, at } = message;
  const about = { messageId: id, flowId: run.flowId, step: effect.step, channel };
  return newsAbout(telling, { ...about, depth: run.depth, askedAt: new Date(at) }, news);
}

type About = { messageId: string; flowId: string; step: string; channel: string; depth: number; askedAt: Date };

function newsAbout({ stage, state }: Telling, about: About, { type, at, link, priority }: What): News {
  const { messageId, flowId, step, channel, depth, askedAt } = about;
  const payload = { message: messageId, channel, flow: flowId, step, link };
  const isPaused = at.getTime() - askedAt.getTime() >= flowLimits.guardPauseMs;
  const made = { id: stage.newId(state.contact.lane), name: occurrenceName.message(type), payload, target: null };
  const occurrence = { ...made, depth: isPaused ? 0 : depth + 1, priority };
  return { at, occurrence, past: { type, at, link, messageId, flowId, step } };
}

/** What became of messages meanwhile. As events it is told only where a flow listens. */
export function hearOfMessages(telling: Telling, news: readonly News[]): void {
  const { messages, eventNames, told, line, stage } = telling;
  for (const { at, occurrence, past } of news) {
    messages.unshift(past);
    const { id, name, payload } = occurrence;
    if (!stage.flows.hears(name)) continue;
    eventNames.set(id, name);
    told.events.push({ id, at: at.toISOString(), name, payload, source: "message" });
    line.add({ ...occurrence, acceptedAt: at });
  }
}

/** Takes in what is reported of the newest message that fits; there is a warning when none does. */
export function report(telling: Telling, { type, flowId, step, link }: MessageReport, at: Date): void {
  const about = telling.sent.findLast(
    (sent) => (flowId === null || sent.flowId === flowId) && (step === null || sent.step === step),
  );
  if (about) hearOfMessages(telling, [newsAbout(telling, about, { type, at, link, ...ofReceiver })]);
  else telling.stage.warnings.add(`A message was ${type} that was not sent${step === null ? "" : ` at "${step}"`}.`);
}
