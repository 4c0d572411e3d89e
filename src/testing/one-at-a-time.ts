import type { Sql } from "../storage/database.ts";
import type { OutboxRow } from "../storage/outbox.ts";

type Waiting = { effect: OutboxRow; go(): void };

/**
 * Lets the effects of a lane be performed one after the other, mails before calls where both are asked for at once: each waits until what the
 * one before led to has been met. So they are in the simulator, while an engine may take them in any order.
 */
export function oneAtATime(sql: Sql): (effect: OutboxRow) => Promise<void> {
  const lines = new Map<number, Waiting[]>();
  const work = async (lane: number, line: Waiting[]) => {
    // All that one pass asked for has come when the turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    let last: OutboxRow | undefined;
    for (let next = takeFirst(line); next; next = takeFirst(line)) {
      await untilQuiet(sql, lane, last);
      last = next.effect;
      next.go();
      await new Promise((resolve) => setImmediate(resolve));
      if (line.length === 0) await untilQuiet(sql, lane, last);
    }
    lines.delete(lane);
  };
  return (effect) =>
    new Promise((go) => {
      const { lane } = effect;
      const line = lines.get(lane);
      if (line) line.push({ effect, go });
      else {
        const begun = [{ effect, go }];
        lines.set(lane, begun);
        void work(lane, begun);
      }
    });
}

function takeFirst(line: Waiting[]): Waiting | undefined {
  line.sort((one, other) => rank(one.effect) - rank(other.effect));
  return line.shift();
}

function rank({ priority, kind }: OutboxRow): number {
  return priority * 2 + Number(kind === "http");
}

/** Nothing is in line, no answer waits, and what came of the last effect is written. */
async function untilQuiet(sql: Sql, lane: number, last: OutboxRow | undefined): Promise<void> {
  for (;;) {
    const [row] = await sql<{ isQuiet: boolean }[]>`
      select not exists (select from event_queue where lane = ${lane})
         and not exists (select from outbox where lane = ${lane} and answered and not held)
         and not exists (select from outbox where lane = ${lane} and run_id = ${last?.runId ?? null} and visit = ${last?.visit ?? null}
                            and ordinal = ${last?.ordinal ?? null} and leased_by is not null) as "isQuiet"`;
    if (row?.isQuiet) return;
  }
}
