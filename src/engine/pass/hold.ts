import type { Run } from "../../core/flow/run.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Transaction } from "../../storage/database.ts";
import { holdAnswers, parkRuns } from "../../storage/holds.ts";
import type { AnsweredEffect } from "../../storage/outbox.ts";
import type { Taken } from "./load.ts";

/** What a pass found due and is not to touch, for its flow is held. */
export type SetAside = { due: Run[]; answers: AnsweredEffect[] };

/** Parts what may go on from what belongs to held flows. Events always go on: a run hears them, and exit rules end it. */
export function setAside({ events, due, answers, checks }: Taken, flows: FlowCache): { taken: Taken; aside: SetAside } {
  const isDueHeld = (run: Run) => flows.holds(run.workspaceId, run.flowId, run.wakeAt);
  const isAnswerHeld = ({ workspaceId, flowId }: AnsweredEffect) => flows.holds(workspaceId, flowId, null);
  return {
    taken: {
      events,
      checks,
      due: due.filter((run) => !isDueHeld(run)),
      answers: answers.filter((answer) => !isAnswerHeld(answer)),
    },
    aside: { due: due.filter(isDueHeld), answers: answers.filter(isAnswerHeld) },
  };
}

/** Moves it out of the way of later passes, once: held runs cost nothing however many they are. */
export async function writeAside(sql: Transaction, { due, answers }: SetAside): Promise<void> {
  await Promise.all([
    due.length > 0 ? parkRuns(sql, due) : null,
    answers.length > 0 ? holdAnswers(sql, answers) : null,
  ]);
}
