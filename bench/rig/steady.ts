/** Calls `send` with 0, 1, 2, ... at a steady rate, whatever becomes of the calls before. Resolves with what they all came to, in order. */
export async function sendSteadily<Result>(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  send: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const total = perSecond * seconds;
  const sent: Promise<Result>[] = [];
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) * perSecond) / 1000));
      while (sent.length < due) sent.push(send(sent.length));
      if (sent.length < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  return Promise.all(sent);
}

/** The middle of some values, and what one in a hundred is above. NaN when there are none. */
export function quantiles(values: readonly number[]): { p50: number; p99: number } {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
