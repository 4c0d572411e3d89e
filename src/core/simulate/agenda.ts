type Item<What> = { at: number; place: number; what: What };

/** What is to be done at instants to come: the earliest first, and of one instant the one with the lowest place. A binary heap. */
export class Agenda<What> {
  readonly #items: Item<What>[] = [];

  add(item: Item<What>): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    for (let parent = (at - 1) >> 1; at > 0 && this.#isBefore(at, parent); parent = (at - 1) >> 1) {
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes what comes next; undefined when there is nothing. */
  take(): Item<What> | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    items[0] = last;
    for (let at = 0; ; ) {
      const next = this.#least(at);
      if (next === at) return first;
      this.#swap(at, next);
      at = next;
    }
  }

  #least(at: number): number {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2])
      if (child < this.#items.length && this.#isBefore(child, least)) least = child;
    return least;
  }

  #isBefore(one: number, other: number): boolean {
    const [first, second] = [this.#items[one], this.#items[other]];
    if (!(first && second)) return false;
    return first.at < second.at || (first.at === second.at && first.place < second.place);
  }

  #swap(one: number, other: number): void {
    const [first, second] = [this.#items[one], this.#items[other]];
    if (!(first && second)) return;
    this.#items[one] = second;
    this.#items[other] = first;
  }
}
