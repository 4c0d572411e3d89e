import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { HttpMethod } from "../../../core/http-request.ts";
import { type Failure, failure, networkFailure } from "./failure.ts";

export type WireRequest = {
  method: HttpMethod;
  url: URL;
  headers: Record<string, string>;
  body: string | Buffer | null;
};
export type WireAnswer = { status: number; headers: IncomingHttpHeaders; bytes: Buffer };
export type Exchanged = { ok: true; answer: WireAnswer } | { ok: false; failure: Failure };
export type ExchangeLimits = { timeoutMs: number; maxBytes: number };

/**
 * Sends one request and collects its answer, at most `maxBytes` of body as they come over the wire, within `timeoutMs` for everything.
 * Never rejects. Uses undici's dispatch directly: its body streams cost more than the rest of a small call.
 */
export function exchange(dispatcher: Dispatcher, request: WireRequest, limits: ExchangeLimits): Promise<Exchanged> {
  return new Promise((resolve) => {
    const collector = createCollector(limits, resolve);
    try {
      dispatcher.dispatch(
        {
          origin: request.url.origin,
          path: request.url.pathname + request.url.search,
          method: request.method,
          headers: request.headers,
          body: request.body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        collector,
      );
    } catch (error) {
      collector.onResponseError(undefined, error);
    }
  });
}

function createCollector({ timeoutMs, maxBytes }: ExchangeLimits, resolve: (exchanged: Exchanged) => void) {
  let controller: Dispatcher.DispatchController | undefined;
  let ended: Exchanged | undefined;
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  let size = 0;
  const end = (exchanged: Exchanged) => {
    if (ended) return;
    ended = exchanged;
    clearTimeout(timer);
    resolve(exchanged);
  };
  const stop = (found: Failure) => {
    end({ ok: false, failure: found });
    controller?.abort(new Error(found.message));
  };
  const timer = setTimeout(
    () => stop(failure("timeout", "There was no whole answer in time.", controller !== undefined)),
    timeoutMs,
  );
  const tooLarge = () => stop(failure("too_large", `The answer is larger than ${maxBytes} bytes.`, true));
  return {
    onRequestStart(started: Dispatcher.DispatchController) {
      controller = started;
      // It ran out of time while it waited for a connection.
      if (ended) started.abort(new Error("No longer wanted."));
    },
    onResponseStart(_: Dispatcher.DispatchController, statusCode: number, responseHeaders: IncomingHttpHeaders) {
      status = statusCode;
      headers = responseHeaders;
    },
    onResponseData(_: Dispatcher.DispatchController, chunk: Buffer) {
      size += chunk.length;
      if (size > maxBytes) tooLarge();
      else chunks.push(chunk);
    },
    onResponseEnd() {
      end({
        ok: true,
        answer: { status, headers, bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) },
      });
    },
    onResponseError(_: unknown, error: unknown) {
      end({ ok: false, failure: networkFailure(error, controller !== undefined) });
    },
  };
}
