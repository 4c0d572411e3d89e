import { uuidv7 } from "uuidv7";
import { withLane } from "../core/id.ts";

/** A new UUIDv7 (RFC 9562, 5.7). Ids of one process grow, also within a millisecond. */
export function newId(): string {
  return uuidv7();
}

/** A new UUIDv7 that carries `lane`, for rows that live in a lane. */
export function newIdInLane(lane: number): string {
  return withLane(uuidv7(), lane);
}
