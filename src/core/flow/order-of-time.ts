type Due = { wakeAt: Date | null };
/** Something in line; with a null only the present state matters. */
type InLine = { acceptedAt: Date | null };

/**
 * Runs that are due and what is in line, in the order in which they are to be met: a run that waits for an event until noon has it when it
 * was accepted before noon, whenever it is looked at.
 */
export function* inOrderOfTime<Run extends Due, Item extends InLine>(
  due: readonly Run[],
  line: readonly Item[],
): Generator<{ due: Run } | { item: Item }> {
  const waiting = [...due].sort((one, other) => wakeOf(one) - wakeOf(other));
  let next = 0;
  for (const item of line) {
    if (item.acceptedAt)
      for (; next < waiting.length && wakeOf(waiting[next] as Run) <= item.acceptedAt.getTime(); next += 1)
        yield { due: waiting[next] as Run };
    yield { item };
  }
  for (const run of waiting.slice(next)) yield { due: run };
}

function wakeOf({ wakeAt }: Due): number {
  return wakeAt?.getTime() ?? 0;
}
