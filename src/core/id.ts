/** The number of lanes. Fixed for the life of a database: ids carry their lane. */
export const laneCount = 64;

/**
 * The lane of a contact, or of a run, event or message made with `withLane`: the low six bits of the UUID's last byte.
 * So whoever holds an id knows where its row is, without a query.
 */
export function laneOf(id: string): number {
  return ((digitAt(id, id.length - 2) << 4) | digitAt(id, id.length - 1)) % laneCount;
}

/** `id` (a UUIDv7) with its lane set to `lane`. The order of ids is untouched: only random bits change. */
export function withLane(id: string, lane: number): string {
  const high = (digitAt(id, id.length - 2) << 4) & 0xc0;
  return id.slice(0, -2) + (high | lane).toString(16).padStart(2, "0");
}

/** The value of a lower-case hexadecimal digit. */
function digitAt(id: string, index: number): number {
  const code = id.charCodeAt(index);
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** The lane that keeps the uniqueness of an identity value: FNV-1a (32 bit) over its UTF-16 units. */
export function laneOfValue(value: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < value.length; i += 1) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % laneCount;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID in its usual lower-case text form (RFC 9562, section 4). */
export function isUuid(text: string): boolean {
  return uuidPattern.test(text);
}
