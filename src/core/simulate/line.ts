import type { Work } from "../flow/decide.ts";
import type { MadeOccurrence } from "../flow/decision.ts";
import { inOrderOfTime } from "../flow/order-of-time.ts";
import type { Priority } from "../flow/priority.ts";
import type { Run } from "../flow/run.ts";
import type { Occurrence } from "../flow/step-kind.ts";

type Changed = { kind: "changed"; priority: Priority; depth: number };
type InLine = { seq: number; priority: Priority; depth: number; acceptedAt: Date | null; work: Work };

/** What waits in line for one contact: the urgent first, then the oldest, as a lane keeps it. */
export class Line {
  #items: InLine[] = [];
  #seq = 0;

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Puts an event, or a change of the contact, behind what is there. */
  add(item: Occurrence | Changed): void {
    this.#seq += 1;
    const { priority, depth } = item;
    this.#items.push(
      "kind" in item
        ? { seq: this.#seq, priority, depth, acceptedAt: null, work: { kind: "changed" } }
        : { seq: this.#seq, priority, depth, acceptedAt: item.acceptedAt, work: { kind: "event", occurrence: item } },
    );
  }

  /** Takes all that is in line, and puts the runs that are due where their time belongs. `depth` is the most of what was in line. */
  take(due: readonly Run[]): { work: Work[]; hasItems: boolean; depth: number } {
    const items = this.#items.sort((one, other) => one.priority - other.priority || one.seq - other.seq);
    this.#items = [];
    const order = [...inOrderOfTime(due, items)];
    const work = order.map((next): Work => ("due" in next ? { kind: "due", runId: next.due.id } : next.item.work));
    return { work, hasItems: items.length > 0, depth: Math.max(0, ...items.map(({ depth }) => depth)) };
  }
}

/** What a flow made happen, as the flows meet it. */
export function occurrenceOf(made: MadeOccurrence, at: Date): Occurrence {
  const { id, name, payload, target = null, depth, priority } = made;
  return { id, name, payload, acceptedAt: at, target, depth, priority };
}
