import type { FastifyInstance } from "fastify";
import { isMultipart, readCallBody, readMultipart } from "./read-body.ts";

/**
 * Reads bodies of any content type in this scope: JSON unless they say that they are a form, and none where they are empty. Forms in parts
 * only with `inParts`.
 */
export function acceptAnyBody(app: FastifyInstance, { inParts = false } = {}): void {
  app.removeAllContentTypeParsers();
  // The first is among the rest; named, it is found without being taken apart.
  app.addContentTypeParser<Buffer>(["application/json", "*"], { parseAs: "buffer" }, (request, bytes, done) => {
    const type = request.headers["content-type"] ?? "";
    if (request.headers["idempotency-key"] !== undefined) request.rawBody = bytes;
    if (inParts && isMultipart(type)) {
      readMultipart(bytes, type).then((fields) => done(null, fields), done);
      return;
    }
    try {
      done(null, readCallBody(bytes, type));
    } catch (error) {
      done(error as Error);
    }
  });
}
