/** A number in [0, 1) that always belongs to this text. Nearby texts get unrelated numbers, so they can be dealt out by it. */
export function shareOf(text: string): number {
  return hash32(text, 0x811c9dc5) / 0x1_0000_0000;
}

/** FNV-1a (32 bit) over UTF-16 units, finished by the mixer of MurmurHash3, so that two seeds give unrelated halves. */
export function hash32(text: string, seed: number): number {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The one of the weighted things on which `share`, from [0, 1), falls. Throws when no weight is above zero. */
export function pickByWeight<Weighted extends { weight: number }>(
  share: number,
  things: readonly Weighted[],
): Weighted {
  const weighted = things.filter(({ weight }) => weight > 0);
  let left = share * weighted.reduce((sum, { weight }) => sum + weight, 0);
  for (const thing of weighted) {
    left -= thing.weight;
    if (left < 0) return thing;
  }
  const last = weighted.at(-1);
  if (!last) throw new Error("Nothing has a weight.");
  return last;
}
