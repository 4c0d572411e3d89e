import type { Part, RemotePart } from "./build-body.ts";
import type { BuiltRequest } from "./build-request.ts";
import type { HttpClient, SendLimits } from "./client.ts";
import { decompress } from "./decompress.ts";
import type { WireRequest } from "./exchange.ts";
import { type Failure, failure } from "./failure.ts";
import { encodeMultipart, type LocalPart } from "./multipart.ts";
import { flatHeaders } from "./read-response.ts";

export type Prepared = { ok: true; request: WireRequest } | { ok: false; failure: Failure };

const maxFileBytes = 10_485_760;

/** Gives a built request its bytes: encodes multipart, after fetching the file parts that are URLs, under the same guard and limits. */
export async function toWireRequest(
  built: BuiltRequest,
  key: string,
  fetching: { client: HttpClient; limits: SendLimits },
): Promise<Prepared> {
  const { method, url, headers, body } = built;
  if (body.kind === "none") return { ok: true, request: { method, url, headers, body: null } };
  if (body.kind === "text") return { ok: true, request: { method, url, headers, body: body.text } };
  const parts = await Promise.all(body.parts.map((part) => localPart(part, headers["user-agent"] ?? "", fetching)));
  const failed = parts.find((part) => "failure" in part);
  if (failed) return { ok: false, failure: failed.failure };
  const { contentType, bytes } = await encodeMultipart(parts as LocalPart[], key);
  return { ok: true, request: { method, url, headers: { ...headers, "content-type": contentType }, body: bytes } };
}

type Fetching = { client: HttpClient; limits: SendLimits };

async function localPart(part: Part, userAgent: string, fetching: Fetching): Promise<LocalPart | { failure: Failure }> {
  if (!("url" in part)) return part;
  const fetched = await fetchFile(part, userAgent, fetching);
  if (!("failure" in fetched)) return fetched;
  // Nothing of the call itself was sent yet, so trying again is safe for every method.
  return {
    failure: {
      ...fetched.failure,
      sent: false,
      message: `The file in part "${part.name}": ${fetched.failure.message}`,
    },
  };
}

async function fetchFile(
  part: RemotePart,
  userAgent: string,
  { client, limits }: Fetching,
): Promise<LocalPart | { failure: Failure }> {
  if (!URL.canParse(part.url))
    return { failure: failure("invalid_request", `"${part.url.slice(0, 200)}" is not a URL.`) };
  const url = new URL(part.url);
  const sent = await client.send(
    { method: "GET", url, headers: { "user-agent": userAgent }, body: null },
    { ...limits, maxBytes: maxFileBytes },
  );
  if (!sent.ok) return { failure: sent.failure };
  const { status, bytes } = sent.answer;
  const headers = flatHeaders(sent.answer.headers);
  if (status < 200 || status > 299)
    return { failure: { ...failure("status", `It answered ${status}.`), retryable: status === 429 || status >= 500 } };
  const decoded = await decompress(bytes, headers["content-encoding"], maxFileBytes);
  if (!decoded.ok) return { failure: failure(decoded.reason, decoded.message) };
  const filename = part.filename ?? (lastSegment(sent.url) || part.name);
  return {
    name: part.name,
    filename,
    contentType: part.contentType ?? headers["content-type"] ?? "application/octet-stream",
    bytes: decoded.bytes,
  };
}

function lastSegment(url: URL): string {
  const segment = url.pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not every percent sign in a path begins a UTF-8 sequence.
    return segment;
  }
}
