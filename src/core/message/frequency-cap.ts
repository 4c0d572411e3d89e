import type { FrequencyCap } from "../workspace-settings.ts";

/** A message as caps see it. */
export type Capped = { id: string; channel: string; topic: string | null };

/** A marketing message that a contact was sent, or is being sent, with the instant that it counts from. */
export type CountedMessage = Capped & { at: Date };

export type OverCap = { cap: FrequencyCap; count: number; until: Date };

const hourMs = 3_600_000;

/**
 * The cap that one more message would break, of those that do the one whose room comes last; null when there is room in all. `until` is
 * when there is room again. The message itself is not counted.
 */
export function findOverCap(
  message: Capped,
  { caps, counted, now }: { caps: readonly FrequencyCap[]; counted: readonly CountedMessage[]; now: Date },
): OverCap | null {
  let found: OverCap | null = null;
  for (const cap of caps) {
    if (!isMeant(cap, message)) continue;
    const within = instantsWithin(
      cap,
      counted.filter(({ id }) => id !== message.id),
      now,
    );
    // The one whose leaving makes room: with as many as the cap allows, the oldest.
    const leaves = within[within.length - cap.count];
    if (leaves === undefined) continue;
    const until = new Date(leaves + cap.hours * hourMs);
    // A cap that drops outranks one that holds: what is held would be dropped next.
    const outranks =
      found === null || rank(cap) > rank(found.cap) || (rank(cap) === rank(found.cap) && until > found.until);
    if (outranks) found = { cap, count: within.length, until };
  }
  return found;
}

/** The longest span that any of the caps looks back, in milliseconds. */
export function longestSpanMs(caps: readonly FrequencyCap[]): number {
  return Math.max(0, ...caps.map(({ hours }) => hours * hourMs));
}

/** True for a cap that messages of this channel and topic fall under. */
export function isMeant({ channel, topic }: FrequencyCap, message: Pick<Capped, "channel" | "topic">): boolean {
  return (channel === undefined || channel === message.channel) && (topic === undefined || topic === message.topic);
}

/** When the messages went that the cap counts, oldest first. */
function instantsWithin(cap: FrequencyCap, counted: readonly CountedMessage[], now: Date): number[] {
  const since = now.getTime() - cap.hours * hourMs;
  return counted
    .filter((message) => isMeant(cap, message) && message.at.getTime() > since)
    .map(({ at }) => at.getTime())
    .sort((one, other) => one - other);
}

function rank({ action }: FrequencyCap): number {
  return action === "drop" ? 1 : 0;
}
