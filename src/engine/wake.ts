/** The longest that setTimeout can be trusted with: 2^31 - 1 ms, about 24 days. */
const maxTimeoutMs = 2_147_483_647;

export type Alarms = {
  /** Sets, moves or (with null) clears the alarm of a lane. */
  set(lane: number, at: Date | null): void;
  close(): void;
};

/**
 * One timer for many lanes: calls `ring` with the lanes whose instant has come. `now` is read anew at every ring, so a clock that
 * jumps forward rings late by at most the time already set, and one that jumps back rings again.
 */
export function createAlarms(now: () => Date, ring: (lanes: number[]) => void): Alarms {
  const alarms = new Map<number, number>();
  let timer: NodeJS.Timeout | null = null;
  let timerAt = Number.POSITIVE_INFINITY;

  function arm(): void {
    let first = Number.POSITIVE_INFINITY;
    for (const at of alarms.values()) first = Math.min(first, at);
    if (first === timerAt) return;
    if (timer) clearTimeout(timer);
    timer = null;
    timerAt = first;
    if (first === Number.POSITIVE_INFINITY) return;
    const delay = Math.min(Math.max(0, first - now().getTime()), maxTimeoutMs);
    timer = setTimeout(fire, delay);
    timer.unref();
  }

  function fire(): void {
    timer = null;
    timerAt = Number.POSITIVE_INFINITY;
    const present = now().getTime();
    const due = [...alarms].filter(([, at]) => at <= present).map(([lane]) => lane);
    for (const lane of due) alarms.delete(lane);
    arm();
    if (due.length > 0) ring(due);
  }

  return {
    set(lane, at) {
      if (at === null) alarms.delete(lane);
      else alarms.set(lane, at.getTime());
      arm();
    },
    close() {
      alarms.clear();
      arm();
    },
  };
}
