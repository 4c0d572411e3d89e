import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { Caller } from "../../operations/platform.ts";
import { type Allowance, createTokenBuckets } from "./token-bucket.ts";

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

export type AuthenticationOptions = {
  /** Whose key it is; null when there is no such key, or not any more. */
  authenticate: (key: string) => Promise<Caller | null>;
  rateLimitPerSecond: number;
  failedKeysPerMinute: number;
  /** Milliseconds, never going back. */
  clock: () => number;
};

export type Authentication = {
  /** Settles `request.caller` from the Authorization header and counts the request against its key. Throws `unauthorized` or `rate_limited`. */
  require: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** The same, but a request without the header stays without a caller. */
  allow: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
};

const bearer = /^Bearer +([\x21-\x7e]{1,200}) *$/i;
const maxKnown = 10_000;

/** Makes the check of API keys (RFC 6750) with its two limits: requests per key, and wrong keys per address. */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { rateLimitPerSecond: limit, failedKeysPerMinute: failures } = options;
  const requests = createTokenBuckets({ capacity: limit, perSecond: limit, maxBuckets: 10_000 });
  const wrong = createTokenBuckets({ capacity: failures, perSecond: failures / 60, maxBuckets: 10_000 });
  const policy = `"default";q=${limit};w=1`;
  // Keys that have worked: they go on working while others from the same address (a proxy, an office) are wrong.
  const known = new Set<string>();

  async function identify(key: string, address: string): Promise<Caller> {
    const blocked = known.has(key) ? 0 : wrong.peek(address, options.clock()).retryAfterSeconds;
    if (blocked > 0) throw tooMany("Too many wrong API keys from this address; try again later.", blocked);
    const caller = await options.authenticate(key);
    if (caller === null) {
      known.delete(key);
      wrong.take(address, options.clock());
      throw unauthorized("This API key is not known, or was revoked.");
    }
    if (known.size >= maxKnown) known.clear();
    known.add(key);
    return caller;
  }

  function countRequest(caller: Caller, reply: FastifyReply): void {
    const allowance = requests.take(caller.keyId ?? caller.name, options.clock());
    setRateLimitHeaders(reply, policy, allowance);
    if (allowance.retryAfterSeconds > 0)
      throw tooMany(`This API key may make ${limit} requests per second.`, allowance.retryAfterSeconds);
  }

  async function check(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const key = bearer.exec(request.headers.authorization ?? "")?.[1];
    if (key === undefined) throw unauthorized("Send the API key as Authorization: Bearer <key>.");
    const caller = await identify(key, request.ip);
    countRequest(caller, reply);
    request.caller = caller;
  }

  return {
    require: check,
    allow: async (request, reply) => {
      if (request.headers.authorization !== undefined) await check(request, reply);
    },
  };
}

/** The fields of draft-ietf-httpapi-ratelimit-headers: what is allowed in a window of one second, and what is left of it. */
function setRateLimitHeaders(reply: FastifyReply, policy: string, { remaining, retryAfterSeconds }: Allowance): void {
  reply.header("ratelimit-policy", policy);
  reply.header("ratelimit", `"default";r=${remaining};t=${retryAfterSeconds || 1}`);
}

function tooMany(message: string, retryAfterSeconds: number): AppError {
  return new AppError("rate_limited", message, { retryAfterSeconds });
}

function unauthorized(message: string): AppError {
  return new AppError("unauthorized", message);
}
