import type { EntrySchedule } from "./step-kind.ts";

/** A span of time: `from` is not part of it, `to` is. */
type Span = { from: Date; to: Date };

/** What has become due by `now`: what is to start, what went by too long ago, and when to look again. */
export type Due = { start: Span | null; skipped: Span | null; nextAt: Date | null };

type Looked = { nextAt: Date; seenAt: Date; now: Date; timeZone: string; graceMs: number };

const dayMs = 86_400_000;

/**
 * What an entry that was to be looked at by `nextAt` comes to at `now`. One that picks contacts makes up for the time since it was last looked at,
 * a day at most. Any other starts once, for the newest instant that went by, unless even that is longer ago than `graceMs`.
 */
export function whatIsDue<Config>(schedule: EntrySchedule<Config>, config: Config, looked: Looked): Due {
  const { now, timeZone } = looked;
  const nextAt = schedule.nextAt(config, { after: now, timeZone });
  return { ...(schedule.picks ? windowDue(looked) : newestDue(schedule, config, looked)), nextAt };
}

function windowDue({ seenAt, now }: Looked): Omit<Due, "nextAt"> {
  const earliest = new Date(now.getTime() - dayMs);
  if (seenAt >= earliest) return { start: { from: seenAt, to: now }, skipped: null };
  return { start: { from: earliest, to: now }, skipped: { from: seenAt, to: earliest } };
}

function newestDue<Config>(
  schedule: EntrySchedule<Config>,
  config: Config,
  { nextAt, now, timeZone, graceMs }: Looked,
): Omit<Due, "nextAt"> {
  const earliest = new Date(now.getTime() - graceMs);
  const after = (at: Date) => schedule.nextAt(config, { after: at, timeZone });
  let newest = nextAt >= earliest ? nextAt : after(new Date(earliest.getTime() - 1));
  if (newest === null || newest > now) return { start: null, skipped: { from: nextAt, to: now } };
  for (let next = after(newest); next !== null && next <= now; next = after(newest)) newest = next;
  return { start: { from: nextAt, to: newest }, skipped: null };
}
