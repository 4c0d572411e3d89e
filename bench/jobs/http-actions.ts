import { benchHttpActions } from "../http-actions.ts";
import type { Job } from "../job.ts";

/** HTTP actions, guard on, beside bare undici with the same concurrency. */
export const httpActionsJob: Job = {
  name: "http-actions",
  bar: { ratio: 0.6 },
  run: ({ quick }) => benchHttpActions({ seconds: quick ? 2 : 12 }),
};
