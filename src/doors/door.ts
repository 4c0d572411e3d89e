import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AppError } from "../core/errors.ts";
import type { Caller, Platform } from "../operations/platform.ts";

/**
 * The ways to show an API key. `bearer`, `token` and `raw`: the Authorization header with that word before the key, or with the key alone.
 * `basic`: the key as user name. `consumer`: its id and itself as consumerKey and consumerSecret. `authkey`: what a log-in gave.
 */
export type CredentialForm = "bearer" | "token" | "raw" | "basic" | "consumer" | "authkey";

/** A key, access token or session key as it was presented; `id` is the id of the key, where the form has one beside it. */
export type Credentials = { secret: string; id?: string };

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** A call that came in one piece, with JSON in its body. */
export type ExpressCall = {
  id: string;
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  ip: string;
  bytes: Buffer;
  /** Headers of the answer whatever becomes of the call, names and values in turn; whoever deals with it adds to them. */
  answerHeaders: string[];
};

/** `headers`: names and values in turn; a list that was given once is not changed any more. */
export type ExpressAnswer = { status: number; headers: readonly string[]; body: object };

/** Returns what makes the answer of success; null leaves the call to the framework, which says what is wrong with its body. */
export type ExpressPrepare = (call: ExpressCall) => (() => Promise<ExpressAnswer>) | null;

/** A route that calls may take past the framework, beside the one in it of the same `path`. */
export type ExpressRoute = {
  path: string;
  /** What prepares the calls of this URL, where it is one of the route. Kept for further calls that begin alike. */
  at: (url: string) => ExpressPrepare | null;
  /** The answer to an error, in the words of the door; those of our own API when absent. */
  refuse?: (error: AppError) => ExpressAnswer;
};

/** What a door needs of the server around it. */
export type DoorContext = {
  platform: Platform;
  /** Makes a hook that lets a request through only with a valid API key in one of these forms, and within its rate. */
  requireCaller: (...forms: CredentialForm[]) => Hook;
  /** Makes the same, but a request that shows nothing in these forms goes on without a caller. */
  allowCaller: (...forms: CredentialForm[]) => Hook;
  /** Whose credentials these are, for those that come in a body. Throws `unauthorized`, or `rate_limited` after too many wrong ones. */
  identify: (request: Pick<FastifyRequest, "ip">, credentials: Credentials) => Promise<Caller>;
  /** Whose call of the express lane it is; its answer tells of the rate. Throws `unauthorized` or `rate_limited`. */
  admit: (call: ExpressCall, forms: readonly CredentialForm[]) => Promise<Caller>;
  callerOf: (request: FastifyRequest) => Caller;
  maybeCallerOf: (request: FastifyRequest) => Caller | null;
  /** SHA-256 in hex of method, address and body; `body` stands in for the bytes where they mean less than what was read. */
  requestHash: (request: FastifyRequest, body?: string) => string;
  /** Told how many events were accepted for the first time, for the metrics. */
  countEvents: (accepted: number) => void;
  /** Lets plain calls of a route take the short way. */
  expressRoute: (route: ExpressRoute) => void;
  /** The whole address of a path of this server, as far as it is known. */
  addressOf: (path: string) => string;
  /** Any error as one of the table, for a door that words its own: reported when it is ours, its status and headers set on the reply. */
  settleError: (error: unknown, request: FastifyRequest, reply: FastifyReply) => AppError;
};
