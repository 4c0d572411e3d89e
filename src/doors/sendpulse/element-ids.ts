/** Elements of one flow lie within so many numbers; its main trigger has the first. */
const span = 10_000_000;

/**
 * The numbers of a flow's steps, which SendPulse has for elements and we have not: made from the number of the flow and the name of the
 * step, so that they stay the same over versions. Two names that fall on one number, about one flow in 20,000, take the next.
 */
export function elementIds(flowNumber: number, steps: readonly string[]): Map<string, number> {
  const taken = new Set<number>([0]);
  const places = new Map<string, number>();
  for (const name of steps.toSorted()) {
    let place = hash(name) % span;
    while (taken.has(place)) place = (place + 1) % span;
    taken.add(place);
    places.set(name, mainTriggerId(flowNumber) + place);
  }
  return places;
}

/** The number of a flow's main trigger. */
export function mainTriggerId(flowNumber: number): number {
  return flowNumber * span;
}

/** The number of the flow that an element belongs to; null for a text that is no number of an element. */
export function flowOfElement(id: string): number | null {
  const number = /^[1-9]\d{0,15}$/.test(id) ? Math.floor(Number(id) / span) : 0;
  return number > 0 ? number : null;
}

/** FNV-1a (32 bit) over its UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
