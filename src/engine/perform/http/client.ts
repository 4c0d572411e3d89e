import { Agent } from "undici";
import type { AddressGuard } from "./address-guard.ts";
import { exchange, type WireAnswer, type WireRequest } from "./exchange.ts";
import { type Failure, failure } from "./failure.ts";
import { nextHop } from "./redirect.ts";

export type SendLimits = { timeoutMs: number; maxBytes: number; maxRedirects: number; secrets: readonly string[] };
/** `url` is where the answer came from, or where the way ended. A failure after an answer (one redirect too many) carries that answer. */
export type Sent =
  | { ok: true; answer: WireAnswer; url: URL }
  | { ok: false; failure: Failure; url: URL; answer?: WireAnswer };
export type HttpClient = { send(request: WireRequest, limits: SendLimits): Promise<Sent>; close(): Promise<void> };

/** An HTTP client that keeps connections, at most `connections` to one origin, and follows redirects under the guard's eye. `send` never rejects. */
export function createHttpClient({ guard, connections }: { guard: AddressGuard; connections: number }): HttpClient {
  // A `pipelining` of 1 is none: the next request goes on a connection when the last answer is complete.
  const agent = new Agent({ connect: guard.connect, connections, pipelining: 1 });
  return {
    send: (request, limits) => send({ guard, agent }, request, limits),
    close: () => agent.close(),
  };
}

async function send(
  { guard, agent }: { guard: AddressGuard; agent: Agent },
  request: WireRequest,
  limits: SendLimits,
): Promise<Sent> {
  const deadline = performance.now() + limits.timeoutMs;
  let current = request;
  for (let hops = 0; ; hops += 1) {
    const { url } = current;
    const verdict = guard.checkUrl(url);
    if (!verdict.ok) return { ok: false, failure: failure(verdict.reason, verdict.message, hops > 0), url };
    const timeoutMs = hops === 0 ? limits.timeoutMs : Math.max(1, Math.ceil(deadline - performance.now()));
    const exchanged = await exchange(agent, current, { timeoutMs, maxBytes: limits.maxBytes });
    if (!exchanged.ok)
      return { ok: false, failure: { ...exchanged.failure, sent: exchanged.failure.sent || hops > 0 }, url };
    const { answer } = exchanged;
    const hop = nextHop(current, { status: answer.status, location: firstOf(answer.headers.location) }, limits.secrets);
    if (hop.kind === "answer") return { ok: true, answer, url };
    if (hop.kind === "stop") return { ok: false, failure: failure("redirects", hop.message, true), url, answer };
    if (hops === limits.maxRedirects) return tooManyHops(limits.maxRedirects, url, answer);
    current = hop.request;
  }
}

function tooManyHops(maxRedirects: number, url: URL, answer: WireAnswer): Sent {
  return {
    ok: false,
    failure: failure("redirects", `It redirects more than ${maxRedirects} times.`, true),
    url,
    answer,
  };
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
