import multipart from "@fastify/multipart";
import type { FastifyInstance } from "fastify";
import { readCallBody } from "./read-body.ts";

const maxFields = 500;

/** Reads bodies of any content type in this scope: JSON unless they say that they are a form, and none where they are empty. */
export function acceptAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("*", { parseAs: "buffer" }, (request, bytes, done) => {
    if (request.headers["idempotency-key"] !== undefined) request.rawBody = bytes;
    try {
      done(null, readCallBody(bytes, request.headers["content-type"] ?? ""));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** Lets the routes of this scope read multipart forms too, beside what it takes already. */
export async function acceptMultipart(app: FastifyInstance): Promise<void> {
  await app.register(multipart, {
    limits: { fields: maxFields, parts: maxFields, fieldNameSize: 200, fieldSize: 1_000_000 },
  });
}
