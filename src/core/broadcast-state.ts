/** What becomes of a start over an audience. `skipped`: it was due too long ago when somebody came to it. */
export const broadcastStates = ["running", "paused", "done", "cancelled", "skipped", "failed"] as const;
export type BroadcastState = (typeof broadcastStates)[number];
