import type { Priority } from "../../core/flow/priority.ts";

/** A line in which the urgent stand before the others, and the first come before the later. */
export class PriorityLine<Item extends { priority: Priority }> {
  #lines: [Item[], Item[], Item[]] = [[], [], []];

  get length(): number {
    return this.#lines[0].length + this.#lines[1].length + this.#lines[2].length;
  }

  add(items: readonly Item[]): void {
    for (const item of items) this.#lines[item.priority].push(item);
  }

  /** Who is next, left in line. */
  first(): Item | undefined {
    return this.#lines[0][0] ?? this.#lines[1][0] ?? this.#lines[2][0];
  }

  /** Takes out who is next. */
  shift(): Item | undefined {
    return this.#lines[0].shift() ?? this.#lines[1].shift() ?? this.#lines[2].shift();
  }

  /** All, in order. */
  all(): Item[] {
    return this.#lines.flat();
  }

  /** Empties the line, and returns who stood in it. */
  clear(): Item[] {
    const all = this.all();
    this.#lines = [[], [], []];
    return all;
  }
}
