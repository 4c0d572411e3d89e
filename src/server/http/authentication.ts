import { timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { CredentialForm, Credentials } from "../../doors/door.ts";
import type { Caller } from "../../operations/platform.ts";
import { credentialHint, readCredentials, showsCredentials } from "./credentials.ts";
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

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

type Showing = Pick<FastifyRequest, "ip" | "headers">;
type Headed = { header: (name: string, value: string) => unknown };

export type Authentication = {
  /** A hook that settles `request.caller` and counts the request against its key. It throws `unauthorized` or `rate_limited`. */
  require: (...forms: CredentialForm[]) => Hook;
  /** The same, but a request that shows nothing in these forms stays without a caller. */
  allow: (...forms: CredentialForm[]) => Hook;
  identify: (request: Pick<FastifyRequest, "ip">, credentials: Credentials) => Promise<Caller>;
  /** Whose call it is, counted against the key; the headers of its rate go to `reply`. Throws `unauthorized` or `rate_limited`. */
  admit: (request: Showing, reply: Headed, forms: readonly CredentialForm[]) => Promise<Caller>;
};

const maxKnown = 10_000;
const wrongKey = "This API key is not known, was revoked, or is not shown in a form that is taken here.";

/** Makes the check of API keys, in every form, with its two limits: requests per key, and wrong keys per address. */
export function createAuthentication(options: AuthenticationOptions): Authentication {
  const { rateLimitPerSecond: limit, failedKeysPerMinute: failures } = options;
  const requests = createTokenBuckets({ capacity: limit, perSecond: limit, maxBuckets: 10_000 });
  const wrong = createTokenBuckets({ capacity: failures, perSecond: failures / 60, maxBuckets: 10_000 });
  const policy = `"default";q=${limit};w=1`;
  // Keys that have worked: they go on working while others from the same address (a proxy, an office) are wrong.
  const known = new Set<string>();

  async function identify({ ip: address }: Pick<FastifyRequest, "ip">, { secret, id }: Credentials): Promise<Caller> {
    const blocked = known.has(secret) ? 0 : wrong.peek(address, options.clock()).retryAfterSeconds;
    if (blocked > 0) throw tooMany("Too many wrong API keys from this address; try again later.", blocked);
    const caller = await options.authenticate(secret);
    if (caller === null || (id !== undefined && !isSameId(id, caller.keyId ?? ""))) {
      if (caller === null) known.delete(secret);
      wrong.take(address, options.clock());
      throw unauthorized(wrongKey);
    }
    if (known.size >= maxKnown) known.clear();
    known.add(secret);
    return caller;
  }

  function countRequest(caller: Caller, reply: Headed): void {
    const allowance = requests.take(caller.keyId ?? caller.name, options.clock());
    setRateLimitHeaders(reply, policy, allowance);
    if (allowance.retryAfterSeconds > 0)
      throw tooMany(`This API key may make ${limit} requests per second.`, allowance.retryAfterSeconds);
  }

  async function admit(request: Showing, reply: Headed, forms: readonly CredentialForm[]): Promise<Caller> {
    const credentials = readCredentials(request.headers, forms);
    // What cannot be read is nobody's guess at a key and not counted as one, but the answer does not tell it from a wrong key.
    if (credentials === null)
      throw unauthorized(showsCredentials(request.headers, forms) ? wrongKey : credentialHint(forms));
    const caller = await identify(request, credentials);
    countRequest(caller, reply);
    return caller;
  }

  async function check(request: FastifyRequest, reply: FastifyReply, forms: readonly CredentialForm[]): Promise<void> {
    request.caller = await admit(request, reply, forms);
  }

  return {
    identify,
    admit,
    require:
      (...forms) =>
      (request, reply) =>
        check(request, reply, forms),
    allow:
      (...forms) =>
      async (request, reply) => {
        if (showsCredentials(request.headers, forms)) await check(request, reply, forms);
      },
  };
}

/** Ids of keys are shown with hyphens and typed without, in any case. */
function isSameId(given: string, keyId: string): boolean {
  const [left, right] = [given, keyId].map((id) => Buffer.from(id.replaceAll("-", "").toLowerCase()));
  return left !== undefined && right !== undefined && left.length === right.length && timingSafeEqual(left, right);
}

/** The fields of draft-ietf-httpapi-ratelimit-headers: what is allowed in a window of one second, and what is left of it. */
function setRateLimitHeaders(reply: Headed, policy: string, { remaining, retryAfterSeconds }: Allowance): void {
  reply.header("ratelimit-policy", policy);
  reply.header("ratelimit", `"default";r=${remaining};t=${retryAfterSeconds || 1}`);
}

function tooMany(message: string, retryAfterSeconds: number): AppError {
  return new AppError("rate_limited", message, { retryAfterSeconds });
}

function unauthorized(message: string): AppError {
  return new AppError("unauthorized", message);
}
