import type { EffectAnswer } from "../flow/effect.ts";
import type { HttpRequest, HttpResult } from "../http-request.ts";
import { isPassingReason, isPassingStatus, mayRepeat } from "../http-retry.ts";
import type { Json, JsonObject } from "../json.ts";
import { parseRetryAfter, retryAt } from "../retry.ts";
import { renderTemplate } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import { answerOf, defaultAnswer, type HttpStubAnswer, httpStubFor, type StubPlace, type Stubs } from "./stubs.ts";

export type HttpAsk = StubPlace & {
  config: HttpRequest;
  data: JsonObject;
  at: Date;
  /** The number of calls of this contact that a stub has answered, by stub. */
  called: Map<unknown, number>;
};

export type StubbedAttempt = {
  at: Date;
  attempt: number;
  method: string;
  url: string;
  stubbed: boolean;
  answer: HttpResult;
  /** When it is tried again; null for the last attempt. */
  againAt: Date | null;
};

/**
 * The attempts of an HTTP call against stubs, repeated by the rules of the engine, with its answer and the instant it comes. The pauses between
 * attempts are random in the engine, and the middle of the span here; the circuit breaker has no part in it.
 */
export function callStubs(stubs: Stubs, ask: HttpAsk): { attempts: StubbedAttempt[]; answer: EffectAnswer; at: Date } {
  const attempts: StubbedAttempt[] = [];
  const { config } = ask;
  const url = urlOf(ask);
  let at = ask.at;
  for (let attempt = 1; ; attempt += 1) {
    const made = "error" in url ? unsendable(url.error, attempt) : answerTo(stubs, ask, { url: url.text, attempt });
    const endedAt = new Date(at.getTime() + made.result.durationMs);
    const isAgain = made.failure !== null && mayRepeat(config, { ...made.failure, attempt });
    const retryAfterMs = parseRetryAfter(made.result.headers?.["retry-after"], endedAt);
    const againAt = isAgain ? retryAt({ attempt, random: 0.5, now: endedAt, retryAfterMs }) : null;
    const about = { method: config.method, url: "error" in url ? config.url : url.text, stubbed: made.stubbed };
    attempts.push({ at, attempt, ...about, answer: made.result, againAt });
    if (againAt === null)
      return { attempts, answer: { ok: made.failure === null, result: made.result as Json }, at: endedAt };
    at = againAt;
  }
}

type Made = { result: HttpResult; failure: { retryable: boolean; sent: boolean } | null; stubbed: boolean };

function answerTo(stubs: Stubs, ask: HttpAsk, { url, attempt }: { url: string; attempt: number }): Made {
  const stub = httpStubFor(stubs, { ...ask, method: ask.config.method, url });
  const call = ask.called.get(stub) ?? 0;
  ask.called.set(stub, call + 1);
  const answer = stub ? answerOf(stub, call) : defaultAnswer;
  return { ...read(answer, ask.config, { url, attempt }), stubbed: stub !== undefined };
}

function read(
  answer: HttpStubAnswer,
  { timeoutMs }: HttpRequest,
  about: { url: string; attempt: number },
): Omit<Made, "stubbed"> {
  const base = { url: about.url, durationMs: Math.min(answer.latencyMs, timeoutMs), attempts: about.attempt };
  if (answer.latencyMs > timeoutMs || "fail" in answer) {
    const reason = "fail" in answer ? answer.fail : "timeout";
    const message = reason === "timeout" ? "There was no whole answer in time." : `The stub says ${reason}.`;
    const failure = { retryable: isPassingReason(reason), sent: reason === "timeout" };
    return { result: { ...base, reason, message }, failure };
  }
  const { status, body } = answer;
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const result: HttpResult = { status, headers, body, ...base };
  if (status < 300) return { result, failure: null };
  const why = { reason: "status", message: `It answered ${status}.` } as const;
  return { result: { ...result, ...why }, failure: { retryable: isPassingStatus(status), sent: true } };
}

function unsendable(message: string, attempt: number): Made {
  const result: HttpResult = { reason: "invalid_request", message, durationMs: 0, attempts: attempt };
  return { result, failure: { retryable: false, sent: false }, stubbed: true };
}

/** Secrets are not known here: what is made of one is empty. */
function urlOf({ config, data }: HttpAsk): { text: string } | { error: string } {
  const scope = { ...data, secrets: {} };
  try {
    const url = new URL(renderTemplate(config.url, scope, "url"));
    const added = config.query.map(
      ({ name, value }) =>
        `${encodeURIComponent(renderTemplate(name, scope, "text"))}=${encodeURIComponent(renderTemplate(value, scope, "text"))}`,
    );
    url.search = [url.search.slice(1), ...added].filter((part) => part !== "").join("&");
    return { text: url.href };
  } catch (error) {
    if (error instanceof TemplateError || error instanceof TypeError || error instanceof URIError)
      return { error: error.message };
    throw error;
  }
}
