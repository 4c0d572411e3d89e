import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Json } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import type { Caller, Platform } from "../../operations/platform.ts";

/** A call of an HTTP action with sample data. Nothing is stored, and no run is touched. */
export type HttpActionTest = { config: Json; sample: Partial<Scope> };

/** What the door needs of the server around it. */
export type RestContext = {
  platform: Platform;
  /** Hook: lets a request through only with a valid API key, and within its rate. */
  requireCaller: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Hook: the same, but without an Authorization header the request goes on. */
  allowCaller: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  callerOf: (request: FastifyRequest) => Caller;
  maybeCallerOf: (request: FastifyRequest) => Caller | null;
  /** SHA-256 in hex of method, address and body; `body` stands in for the bytes where they mean less than what was read. */
  requestHash: (request: FastifyRequest, body?: string) => string;
  /** Told how many events were accepted for the first time, for the metrics. */
  countEvents: (accepted: number) => void;
  /** The whole address of a path of this server, as far as it is known. */
  addressOf: (path: string) => string;
  /** Calls the API as the step would, and says what came back and what went out, secrets hidden. */
  testHttpAction: (caller: Caller, test: HttpActionTest) => Promise<Json>;
};

/** The same app, its routes typed by their Zod schemas. */
export function withZod(app: FastifyInstance) {
  return app.withTypeProvider<ZodTypeProvider>();
}

export type RestApp = ReturnType<typeof withZod>;
