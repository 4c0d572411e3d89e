import { V7Generator } from "uuidv7";
import { withLane } from "../core/id.ts";

// Measured, hot: 1.8 µs an id as the library gives it, 0.3 µs with its random bytes fetched by the thousand and its bytes written by
// table; 17 and 2 µs among the first thousands of a process.
const random = new Uint32Array(2048);
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
let used = random.length;

const ids = new V7Generator({
  nextUint32() {
    if (used === random.length) {
      crypto.getRandomValues(random);
      used = 0;
    }
    used += 1;
    return random[used - 1] ?? 0;
  },
});

/** A new UUIDv7 (RFC 9562, 5.7). Ids of one process grow, also within a millisecond. */
export function newId(): string {
  let text = "";
  for (const byte of ids.generate().bytes) {
    text += hex[byte];
    if (text.length === 8 || text.length === 13 || text.length === 18 || text.length === 23) text += "-";
  }
  return text;
}

/** A new UUIDv7 that carries `lane`, for rows that live in a lane. */
export function newIdInLane(lane: number): string {
  return withLane(newId(), lane);
}
