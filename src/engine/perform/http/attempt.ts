import type { HttpRequest, HttpResult } from "../../../core/http-request.ts";
import { isPassingStatus } from "../../../core/http-retry.ts";
import type { BuiltRequest } from "./build-request.ts";
import type { HttpClient, SendLimits, Sent } from "./client.ts";
import type { WireAnswer } from "./exchange.ts";
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
  const result: HttpResult = { durationMs: Math.round(performance.now() - startedAt), attempts: attempt, ...part };
  if (found) Object.assign(result, { reason: found.reason, message: found.message });
  return { result, failure: found };
}

type Tried = { part: Partial<HttpResult>; failure: Failure | null };

async function sendAndRead({ client, built, key }: AttemptInput, limits: SendLimits): Promise<Tried> {
  const startedAt = performance.now();
  const prepared = await toWireRequest(built, key, { client, limits });
  if (!prepared.ok) return { part: { url: built.url.href }, failure: prepared.failure };
  // Only the files of a multipart body take time to get.
  if (built.body.kind === "multipart")
    limits.timeoutMs = Math.max(1, limits.timeoutMs - Math.ceil(performance.now() - startedAt));
  return readSent(await client.send(prepared.request, limits), limits.maxBytes);
}

async function readSent(sent: Sent, maxBytes: number): Promise<Tried> {
  const url = sent.url.href;
  if (sent.ok) return readAnswer(sent.answer, url, maxBytes);
  if (!sent.answer) return { part: { url }, failure: sent.failure };
  return { ...(await readAnswer(sent.answer, url, maxBytes)), failure: sent.failure };
}

async function readAnswer(answer: WireAnswer, url: string, maxBytes: number): Promise<Tried> {
  const read = await readResponse(answer, maxBytes);
  if (!read.ok) return { part: { status: answer.status, url }, failure: read.failure };
  return { part: { url, ...read.answer }, failure: statusFailure(answer.status) };
}

function statusFailure(status: number): Failure | null {
  if (status >= 200 && status < 300) return null;
  return { ...failure("status", `It answered ${status}.`, true), retryable: isPassingStatus(status) };
}
