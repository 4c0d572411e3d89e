import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Sql } from "../../storage/database.ts";

/** What the work on broadcasts and schedules is done with. */
export type BroadcastParts = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  /** Told after the commit which lanes have work. */
  onWork: (lanes: ReadonlySet<number>) => void;
  onError: (error: unknown, broadcastId: string) => void;
};
