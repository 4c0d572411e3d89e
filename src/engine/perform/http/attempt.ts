import type { HttpRequest, HttpResult } from "../../../core/http-request.ts";
import type { BuiltRequest } from "./build-request.ts";
import type { HttpClient, SendLimits, Sent } from "./client.ts";
import { type Failure, failure } from "./failure.ts";
import { readResponse } from "./read-response.ts";
import { toWireRequest } from "./wire-request.ts";

export type AttemptInput = {
  client: HttpClient;
  built: BuiltRequest;
  config: HttpRequest;
  secrets: Record<string, string>;
  key: string;
  attempt: number;
};
/** What one try gave. `failure` is null for a 2xx. */
export type Attempted = { result: HttpResult; failure: Failure | null };

// RFC 9110 and 6585: too slow a request, too early, too many; and all errors of the server.
const retryableStatuses = new Set([408, 425, 429]);

/** Sends a built request once and reads the answer; `timeoutMs` of the configuration covers all of it. Never rejects. */
export async function attemptOnce(input: AttemptInput): Promise<Attempted> {
  const startedAt = performance.now();
  const { config, attempt } = input;
  const limits: SendLimits = {
    timeoutMs: config.timeoutMs,
    maxBytes: config.maxResponseBytes,
    maxRedirects: config.maxRedirects,
    secrets: Object.values(input.secrets),
  };
  const { part, failure: found } = await sendAndRead(input, limits);
  const reason = found && { reason: found.reason, message: found.message };
  return {
    result: { ...part, ...reason, durationMs: Math.round(performance.now() - startedAt), attempts: attempt },
    failure: found,
  };
}

type Tried = { part: Partial<HttpResult>; failure: Failure | null };

async function sendAndRead({ client, built, key }: AttemptInput, limits: SendLimits): Promise<Tried> {
  const startedAt = performance.now();
  const prepared = await toWireRequest(built, key, { client, limits });
  if (!prepared.ok) return { part: { url: built.url.href }, failure: prepared.failure };
  const timeoutMs =
    built.body.kind === "multipart"
      ? Math.max(1, limits.timeoutMs - (performance.now() - startedAt))
      : limits.timeoutMs;
  return readSent(await client.send(prepared.request, { ...limits, timeoutMs }), limits.maxBytes);
}

async function readSent(sent: Sent, maxBytes: number): Promise<Tried> {
  const url = sent.url.href;
  if (!sent.answer) return { part: { url }, failure: sent.failure };
  const read = await readResponse(sent.answer, maxBytes);
  const part = read.ok ? { ...read.answer, url } : { status: sent.answer.status, url };
  if (!sent.ok) return { part, failure: sent.failure };
  return { part, failure: read.ok ? statusFailure(sent.answer.status) : read.failure };
}

function statusFailure(status: number): Failure | null {
  if (status >= 200 && status < 300) return null;
  const retryable = retryableStatuses.has(status) || status >= 500;
  return { ...failure("status", `It answered ${status}.`, true), retryable };
}
