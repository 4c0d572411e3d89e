export type BreakerState = { failures: number; openedAt: number; opens: number; probing: boolean };
export type BreakerOptions = { threshold: number; openMs: number; maxOpenMs: number };
export type Admittance = { admit: true; state: BreakerState } | { admit: false; retryAt: Date };

export const closedBreaker: BreakerState = { failures: 0, openedAt: 0, opens: 0, probing: false };
export const breakerDefaults: BreakerOptions = { threshold: 10, openMs: 30_000, maxOpenMs: 300_000 };

/**
 * Says whether a call may go. Closed: always. Open: not before the pause is over (`retryAt`), then exactly one call goes as a probe
 * while the others keep waiting. The returned state replaces the old one.
 */
export function admit(state: BreakerState, now: Date, options: BreakerOptions = breakerDefaults): Admittance {
  if (state.opens === 0) return { admit: true, state };
  const pause = pauseMs(state, options);
  const dueAt = state.openedAt + pause;
  if (now.getTime() < dueAt) return { admit: false, retryAt: new Date(dueAt) };
  // A probe whose end is never told (a lost worker) must not close the way for ever: after another pause the next one may try.
  if (state.probing && now.getTime() < dueAt + pause)
    return { admit: false, retryAt: new Date(now.getTime() + options.openMs) };
  return {
    admit: true,
    state: { ...state, probing: true, openedAt: state.probing ? now.getTime() - pause : state.openedAt },
  };
}

/** The state after a call ended: a success closes it, `threshold` failures in a row open it, a failed probe opens it for twice as long. */
export function record(
  state: BreakerState,
  result: { ok: boolean; now: Date },
  options: BreakerOptions = breakerDefaults,
): BreakerState {
  if (result.ok) return closedBreaker;
  const failures = state.failures + 1;
  const opens = state.probing || (state.opens === 0 && failures >= options.threshold);
  if (!opens) return { ...state, failures };
  return { failures, openedAt: result.now.getTime(), opens: state.opens + 1, probing: false };
}

function pauseMs(state: BreakerState, { openMs, maxOpenMs }: BreakerOptions): number {
  return Math.min(maxOpenMs, openMs * 2 ** Math.min(state.opens - 1, 20));
}
