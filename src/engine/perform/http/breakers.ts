import { type Admittance, admit, type BreakerOptions, type BreakerState, closedBreaker, record } from "./breaker.ts";

export type Breakers = {
  /** Whether a call to this origin may go now; one that may must be told the end of. */
  admit(origin: string, now: Date): Admittance;
  record(origin: string, result: { ok: boolean; now: Date }): void;
};

const maxOrigins = 10_000;

/** One circuit breaker for each origin. Only origins that fail are remembered, the latest 10,000 of them. */
export function createBreakers(options: BreakerOptions): Breakers {
  const states = new Map<string, BreakerState>();
  const keep = (origin: string, state: BreakerState) => {
    states.delete(origin);
    if (state.failures > 0) states.set(origin, state);
    const oldest = states.size > maxOrigins ? states.keys().next().value : undefined;
    if (oldest !== undefined) states.delete(oldest);
  };
  return {
    admit(origin, now) {
      const known = states.get(origin);
      if (!known) return { admit: true, state: closedBreaker };
      const admittance = admit(known, now, options);
      if (admittance.admit) keep(origin, admittance.state);
      return admittance;
    },
    record(origin, result) {
      const known = states.get(origin);
      if (known || !result.ok) keep(origin, record(known ?? closedBreaker, result, options));
    },
  };
}
