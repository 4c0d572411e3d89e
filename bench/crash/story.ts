import type { JsonObject } from "../../src/core/json.ts";

/** Where a run must end, and what it must have done: mails and HTTP calls, each under one key. */
export type Ending = { status: "completed" | "exited"; step: string; mails: 0 | 1; calls: 0 | 1 };

/**
 * A flow with the events that drive it. The payload of each event has `key`, `story` (the key of the first event), `number`, and `variant`: the
 * number modulo four, by which the flow branches.
 */
export type Story = {
  /** The event that starts a run. */
  event: string;
  flow(targetPort: number): JsonObject;
  /** What happens to the contact once the first event was acknowledged; null: nothing. */
  sequel?(variant: number): string | null;
  ending(variant: number): Ending;
};

/** All of a key's events: the first, and the one that may follow. */
export const sequelMark = "-after";
