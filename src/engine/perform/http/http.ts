import type { EffectAnswer } from "../../../core/flow/effect.ts";
import type { Priority } from "../../../core/flow/priority.ts";
import type { HttpReason, HttpRequest, HttpResult } from "../../../core/http-request.ts";
import { mayRepeat } from "../../../core/http-retry.ts";
import type { Json, JsonObject } from "../../../core/json.ts";
import { parseRetryAfter, retryAt } from "../../../core/retry.ts";
import { type AddressGuardOptions, createAddressGuard } from "./address-guard.ts";
import { type Attempted, attemptOnce } from "./attempt.ts";
import { type BreakerOptions, breakerDefaults } from "./breaker.ts";
import { type Breakers, createBreakers } from "./breakers.ts";
import { type BuiltRequest, buildRequest } from "./build-request.ts";
import { cleanText } from "./clean-json.ts";
import { createHttpClient, type HttpClient } from "./client.ts";
import { cutDetail, requestDetail, resultDetail } from "./detail.ts";
import { createHostGate, type HostGate, type HostGateOptions, hostGateDefaults } from "./host-gate.ts";
import { createRedactor, type Redact } from "./redact.ts";

/** One effect to perform. `attempt` counts from 1; `random` is in [0, 1) and spreads the retries. */
export type HttpCall = {
  key: string;
  config: HttpRequest;
  data: JsonObject;
  secrets: Record<string, string>;
  attempt: number;
  createdAt: Date;
  now: Date;
  random: number;
  priority?: Priority;
};
/** `countsAsAttempt` is false when nothing was tried, because the breaker was open or the host too busy: the next call has the same `attempt`. */
export type HttpPerformed =
  | { kind: "answered"; answer: EffectAnswer; detail: JsonObject }
  | { kind: "retry"; at: Date; reason: HttpReason; countsAsAttempt: boolean; detail: JsonObject };
export type HttpTest = { request: JsonObject | null; answer: EffectAnswer };
export type HttpPerformer = {
  perform(call: HttpCall): Promise<HttpPerformed>;
  testCall(call: Pick<HttpCall, "config" | "data" | "secrets" | "key">): Promise<HttpTest>;
  close(): Promise<void>;
};
export type HttpPerformerOptions = AddressGuardOptions & {
  version: string;
  breaker?: BreakerOptions;
  hostGate?: HostGateOptions;
  patienceMs?: number;
};

type Performer = { client: HttpClient; gate: HostGate; breakers: Breakers; userAgent: string; patienceMs: number };

// Failures that say that the whole origin is in trouble, not this one request.
const originFailures = new Set<HttpReason>(["timeout", "refused", "unreachable", "dns", "tls"]);

/**
 * Performs HTTP calls: builds the request, keeps it from private addresses, limits calls per host, breaks the circuit to failing origins,
 * reads the answer, and says whether it is final or when to try again. `perform` and `testCall` never reject; `testCall` tries once, and
 * neither the breaker nor the limit sees it. `close` waits for what is under way. Calls that nothing lets through are given up
 * `patienceMs` (1 h) after their creation.
 */
export function createHttpPerformer(options: HttpPerformerOptions): HttpPerformer {
  const hostGate = options.hostGate ?? hostGateDefaults;
  const performer: Performer = {
    client: createHttpClient({ guard: createAddressGuard(options), connections: hostGate.maxActive }),
    gate: createHostGate(hostGate),
    breakers: createBreakers(options.breaker ?? breakerDefaults),
    userAgent: `Staffetta/${options.version}`,
    patienceMs: options.patienceMs ?? 3_600_000,
  };
  return {
    perform: (call) => perform(performer, call),
    testCall: (call) => testCall(performer, call),
    close: () => performer.client.close(),
  };
}

async function perform(performer: Performer, call: HttpCall): Promise<HttpPerformed> {
  const redact = createRedactor(call.secrets);
  const built = build(performer, call);
  if (!built.ok) return answered(unsendable(built.message, call.attempt, redact), false, null);
  const { request } = built;
  const entered = performer.gate.enter(request.url.host, call.priority);
  if (!(entered === true || (await entered)))
    return postponed(performer, call, { at: later(call.now, call.random), why: "The queue for this host is full." });
  try {
    const admittance = performer.breakers.admit(request.url.origin, call.now);
    if (!admittance.admit) {
      return postponed(performer, call, {
        at: later(admittance.retryAt, call.random),
        why: `Calls to ${request.url.origin} fail; it gets a pause.`,
      });
    }
    const { config, secrets, key, attempt } = call;
    const attempted = await attemptOnce({ client: performer.client, built: request, config, secrets, key, attempt });
    const now = new Date(call.now.getTime() + attempted.result.durationMs);
    performer.breakers.record(request.url.origin, { ok: !isOriginFailure(attempted), now });
    return settle({ call, now, request, attempted, redact });
  } finally {
    performer.gate.leave(request.url.host);
  }
}

async function testCall(
  performer: Performer,
  call: Pick<HttpCall, "config" | "data" | "secrets" | "key">,
): Promise<HttpTest> {
  const redact = createRedactor(call.secrets);
  const built = build(performer, call);
  if (!built.ok) return { request: null, answer: { ok: false, result: unsendable(built.message, 1, redact) as Json } };
  const { result, failure } = await attemptOnce({
    client: performer.client,
    built: built.request,
    ...call,
    attempt: 1,
  });
  const shown = redact({ request: requestDetail(built.request), result: result as Json });
  return { request: cutDetail(shown.request), answer: { ok: failure === null, result: shown.result } };
}

function build(
  { userAgent }: Performer,
  { config, data, secrets, key }: Pick<HttpCall, "config" | "data" | "secrets" | "key">,
) {
  return buildRequest({ config, data, secrets, key, userAgent });
}

type Settling = { call: HttpCall; now: Date; request: BuiltRequest; attempted: Attempted; redact: Redact };

function settle({ call, now, request, attempted: { result, failure }, redact }: Settling): HttpPerformed {
  const redacted = redact({ request: requestDetail(request), result: result as Json });
  const shown = redacted.result as HttpResult;
  const sent = cutDetail(redacted.request);
  const { config, attempt, random } = call;
  if (!failure || !mayRepeat(config, { ...failure, attempt })) return answered(shown, failure === null, sent);
  const retryAfterMs = parseRetryAfter(result.headers?.["retry-after"], now);
  const detail = { request: sent, ...resultDetail(shown) };
  return {
    kind: "retry",
    at: retryAt({ attempt, random, now, retryAfterMs }),
    reason: failure.reason,
    countsAsAttempt: true,
    detail,
  };
}

function answered(result: HttpResult, ok: boolean, request: JsonObject | null): HttpPerformed {
  return { kind: "answered", answer: { ok, result: result as Json }, detail: { request, ...resultDetail(result) } };
}

/** Nothing was tried: come back later, or give up when it has taken too long already. */
function postponed(performer: Performer, call: HttpCall, { at, why }: { at: Date; why: string }): HttpPerformed {
  const attempts = call.attempt - 1;
  const result: HttpResult = { reason: "circuit_open", message: why, durationMs: 0, attempts };
  if (call.now.getTime() - call.createdAt.getTime() >= performer.patienceMs) return answered(result, false, null);
  return { kind: "retry", at, reason: "circuit_open", countsAsAttempt: false, detail: resultDetail(result) };
}

/** Up to five seconds after `at`, so that those who wait do not all come at once. */
function later(at: Date, random: number): Date {
  return new Date(at.getTime() + 1000 + Math.round(random * 4000));
}

function unsendable(message: string, attempts: number, redact: Redact): HttpResult {
  return { reason: "invalid_request", message: redact(cleanText(message)), durationMs: 0, attempts };
}

function isOriginFailure({ result, failure }: Attempted): boolean {
  return (
    failure !== null &&
    (originFailures.has(failure.reason) || (failure.reason === "status" && (result.status ?? 0) >= 500))
  );
}
