import { isUtf8 } from "node:buffer";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { parseJson } from "../../core/parse-json.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The body's bytes, kept only when the request has an Idempotency-Key. */
    rawBody: Buffer | null;
  }
}

/** Makes JSON the one content type of the server: read strictly, refused with the place of the first mistake. */
export function acceptJson(app: FastifyInstance): void {
  app.decorateRequest("rawBody", null);
  app.removeAllContentTypeParsers();
  for (const type of ["application/json", /^application\/[\w.-]+\+json\b/]) {
    app.addContentTypeParser<Buffer>(type, { parseAs: "buffer" }, (request, bytes, done) => {
      try {
        done(null, readJsonBody(request, bytes));
      } catch (error) {
        done(error as Error);
      }
    });
  }
}

/** The value in a JSON body, undefined when the body is empty. Throws `invalid_json` or `invalid_request`. */
function readJsonBody(request: FastifyRequest, bytes: Buffer): Json | undefined {
  if (request.headers["idempotency-key"] !== undefined) request.rawBody = bytes;
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new AppError("invalid_json", "The body is not UTF-8.");
  const parsed = parseJson(bytes.toString("utf8"));
  if (parsed.ok) return parsed.value;
  if (parsed.reason === "content") throw new AppError("invalid_request", undefined, { issues: parsed.issues });
  const { message, line, column, position } = parsed.error;
  throw new AppError("invalid_json", `The body is not valid JSON: at line ${line}, column ${column}, ${message}.`, {
    issues: [{ path: "", message, line, column }],
    detail: { position },
  });
}
