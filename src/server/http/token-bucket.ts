type Bucket = { tokens: number; at: number };

export type BucketRule = { capacity: number; perSecond: number; maxBuckets: number };

/** What is left after a request; `retryAfterSeconds` is above 0 when the request is one too many. */
export type Allowance = { remaining: number; retryAfterSeconds: number };

export type TokenBuckets = {
  /** Takes one token from the bucket of `name`. `now` in milliseconds, never going back. */
  take(name: string, now: number): Allowance;
  /** The same look without taking. */
  peek(name: string, now: number): Allowance;
};

/**
 * Token buckets by name, in memory: each holds `capacity` tokens and refills by `perSecond`. At most `maxBuckets` are kept; beyond that
 * the one made first is forgotten, which is as if it were full.
 */
export function createTokenBuckets({ capacity, perSecond, maxBuckets }: BucketRule): TokenBuckets {
  const buckets = new Map<string, Bucket>();

  function refill(name: string, now: number): Bucket {
    const bucket = buckets.get(name) ?? make(name, now);
    const elapsedMs = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(capacity, bucket.tokens + (elapsedMs * perSecond) / 1000);
    bucket.at = now;
    return bucket;
  }

  function make(name: string, now: number): Bucket {
    const oldest = buckets.size >= maxBuckets ? buckets.keys().next() : undefined;
    if (oldest && !oldest.done) buckets.delete(oldest.value);
    const bucket = { tokens: capacity, at: now };
    buckets.set(name, bucket);
    return bucket;
  }

  function allowance(tokens: number): Allowance {
    if (tokens >= 1) return { remaining: Math.floor(tokens), retryAfterSeconds: 0 };
    return { remaining: 0, retryAfterSeconds: Math.ceil((1 - tokens) / perSecond) };
  }

  return {
    take(name, now) {
      const bucket = refill(name, now);
      if (bucket.tokens < 1) return allowance(bucket.tokens);
      bucket.tokens -= 1;
      return { remaining: Math.floor(bucket.tokens), retryAfterSeconds: 0 };
    },
    peek(name, now) {
      const bucket = buckets.get(name);
      return allowance(bucket ? refill(name, now).tokens : capacity);
    },
  };
}
