export type LaneNews = {
  add(lanes: Iterable<number>): void;
  /** Passes on what was added, unless in a flood it was only just done; to be called again after the next batch. `now` in milliseconds. */
  tell(situation: { isFlood: boolean; now: number }): void;
};

/** In a flood the flows meet events at most so much later. */
const heldMs = 50;

/**
 * Gathers the lanes that have new work for `onWork`. Alone, an event is told of at once. In a flood the news are held a little: the engine
 * then makes few large passes. Told after each batch of single events, it made passes over 14 to 20 of them; so, over 45.
 */
export function createLaneNews(onWork: (lanes: ReadonlySet<number>) => void): LaneNews {
  let lanes = new Set<number>();
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    add(more) {
      for (const lane of more) lanes.add(lane);
    },
    tell({ isFlood, now }) {
      if (lanes.size === 0 || (isFlood && now - toldAt < heldMs)) return;
      toldAt = now;
      const told = lanes;
      lanes = new Set();
      onWork(told);
    },
  };
}
