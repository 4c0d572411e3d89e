import type { Sql } from "../storage/database.ts";
import { countWorkers } from "../storage/workers.ts";

/** A process not seen for so long counts as gone. */
const aliveMs = 10_000;
const everyMs = 2000;

export type Peers = {
  /** True when another process that moves runs or sends was seen lately. */
  isThere(): boolean;
  stop(): void;
};

/** Looks every two seconds how many engines and senders there are. `own` is 1 when this process is one of them. */
export async function watchPeers(sql: Sql, own: 0 | 1, report: (error: unknown) => void): Promise<Peers> {
  let others = 0;
  const look = async () => {
    others = (await countWorkers(sql, aliveMs)) - own;
  };
  await look();
  const timer = setInterval(() => void look().catch(report), everyMs);
  timer.unref();
  return { isThere: () => others > 0, stop: () => clearInterval(timer) };
}
