import type { FlowCache } from "../operations/flow-cache.ts";
import type { Sql } from "../storage/database.ts";
import { broadcastRound } from "./broadcasts/round.ts";
import { type NotifyParts, notifyRound } from "./imports/notify.ts";
import { actOnRuns } from "./jobs/act.ts";
import { emptyLists } from "./jobs/empty-list.ts";
import { importContactRows } from "./jobs/import.ts";
import { migrateRuns } from "./jobs/migrate.ts";
import { releaseRuns } from "./jobs/release.ts";
import { jobRound } from "./jobs.ts";
import { RoundWorker, type RoundWorkerOptions } from "./rounds.ts";
import { buildRound } from "./segments/build-segment.ts";

export type BackgroundOptions = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  /** False: this process only performs effects, and calls links. */
  passes: boolean;
  tuning: { backgroundSweepMs: number; buildChunk: number; buildGraceMs: number };
  /** True while passes have work. */
  isBusy: () => boolean;
  /** These lanes have work, and it is committed. */
  onLanes: (lanes: Iterable<number>) => void;
  /** There may be effects in the outbox. */
  onEffects: () => void;
  onRemoteWork?: (work: { lanes: number[]; outbox: boolean }) => void;
  report: (error: unknown, message: string, about?: object) => void;
  /** What calls addresses of users, where this process does that. */
  http?: NotifyParts["http"];
};

/** What an engine does beside its lanes: broadcasts and schedules, jobs, links of imports, and segments to build. */
export type Background = Pick<RoundWorker, "start" | "signal" | "stop" | "moved" | "isIdle" | "idle">;

/** One worker for each, so that none waits for another. Segments that are being built do not count as work that is due. */
export function createBackground(options: BackgroundOptions): Background {
  const { http, passes } = options;
  const awaited = passes ? [broadcastWorker(options), jobWorker(options)] : [];
  if (http) awaited.push(notifier({ ...options, http }));
  const all = passes ? [...awaited, segmentBuilder(options)] : awaited;
  const each = (does: (worker: RoundWorker) => void) => () => all.forEach(does);
  return {
    start: each((worker) => worker.start()),
    signal: each((worker) => worker.signal()),
    moved: each((worker) => worker.moved()),
    stop: async () => {
      await Promise.all(all.map((worker) => worker.stop()));
    },
    isIdle: () => awaited.every((worker) => worker.isIdle()),
    async idle() {
      for (const worker of awaited) await worker.idle();
    },
  };
}

function broadcastWorker({ sql, flows, now, onLanes, onRemoteWork, ...options }: BackgroundOptions): RoundWorker {
  const onWork = (lanes: ReadonlySet<number>) => {
    onLanes(lanes);
    onRemoteWork?.({ lanes: [...lanes], outbox: false });
  };
  const onError = (error: unknown, broadcastId?: string) =>
    options.report(error, "A broadcast or a schedule could not be worked on; it is tried again.", { broadcastId });
  const round = () => broadcastRound({ sql, flows, now, onWork, onError });
  return worker({ ...options, now }, { round, onError, retryMs: 200 });
}

function jobWorker({ sql, flows, now, onLanes, onEffects, ...options }: BackgroundOptions): RoundWorker {
  const kinds = [releaseRuns, migrateRuns(flows), actOnRuns(flows), emptyLists(flows), importContactRows(flows)];
  const onWork = (lanes: ReadonlySet<number>) => {
    onLanes(lanes);
    onEffects();
  };
  const onError = (error: unknown, about: object = {}) =>
    options.report(error, "A part of a job failed; it is tried again.", about);
  const round = () => jobRound({ sql, now, kinds, onLanes: onWork, onError });
  return worker({ ...options, now }, { round, onError, retryMs: 500 });
}

function notifier({ sql, http, now, ...options }: BackgroundOptions & Pick<NotifyParts, "http">): RoundWorker {
  const onError = (error: unknown) =>
    options.report(error, "The link of an import could not be called; it is tried again.");
  const round = () => notifyRound({ sql, http, now, random: Math.random });
  return worker({ ...options, now }, { round, onError, retryMs: 500 });
}

function segmentBuilder({ sql, flows, now, tuning, onLanes: onWork, ...options }: BackgroundOptions): RoundWorker {
  const { buildChunk: chunk, buildGraceMs: graceMs } = tuning;
  const onError = (error: unknown) => options.report(error, "A segment could not be built further; it is tried again.");
  const round = () => buildRound({ sql, flows, now, chunk, graceMs, onWork });
  return worker({ tuning, now }, { round, onError, retryMs: 500, givesWay: options.isBusy });
}

function worker(
  { now, tuning }: Pick<BackgroundOptions, "now" | "tuning">,
  own: Omit<RoundWorkerOptions, "now" | "sweepMs">,
): RoundWorker {
  return new RoundWorker({ now, sweepMs: tuning.backgroundSweepMs, ...own });
}
