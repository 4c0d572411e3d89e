import type { WireRequest } from "./exchange.ts";

export type Hop = { kind: "answer" } | { kind: "follow"; request: WireRequest } | { kind: "stop"; message: string };

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const bodyHeaders = ["content-type", "content-encoding", "content-language", "content-location"];
const credentialName = /auth|cookie|token|secret|password|signature|session|api-?key|access-?key/;

/**
 * What follows from an answer's status and Location, by the Fetch standard (HTTP-redirect fetch): 303, and 301 or 302 after a POST, become
 * GET without body. To another origin no credentials go along, neither by the name of a header nor by holding one of `secrets`; a body that
 * holds a secret is not sent there at all.
 */
export function nextHop(
  request: WireRequest,
  answer: { status: number; location: string | undefined },
  secrets: readonly string[],
): Hop {
  if (!redirectStatuses.has(answer.status) || answer.location === undefined) return { kind: "answer" };
  if (!URL.canParse(answer.location, request.url.href))
    return { kind: "stop", message: "The redirect leads to something that is not a URL." };
  const url = new URL(answer.location, request.url);
  const next = becomesGet(request.method, answer.status) ? withoutBody(request) : request;
  if (url.origin === request.url.origin) return { kind: "follow", request: { ...next, url } };
  if (holdsSecret(next.body, secrets))
    return { kind: "stop", message: `The redirect would send a secret to ${url.origin}.` };
  return { kind: "follow", request: { ...next, url, headers: withoutCredentials(next.headers, secrets) } };
}

function becomesGet(method: string, status: number): boolean {
  if (status === 303) return method !== "GET" && method !== "HEAD";
  return (status === 301 || status === 302) && method === "POST";
}

function withoutBody(request: WireRequest): WireRequest {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !bodyHeaders.includes(name)));
  return { ...request, method: "GET", headers, body: null };
}

function withoutCredentials(headers: Record<string, string>, secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !credentialName.test(name) && !holdsSecret(value, secrets)),
  );
}

function holdsSecret(content: string | Buffer | null, secrets: readonly string[]): boolean {
  return content !== null && secrets.some((secret) => secret !== "" && content.includes(secret));
}
