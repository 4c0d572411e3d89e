import fc from "fast-check";
import { expect, test } from "vitest";
import { Agenda } from "./agenda.ts";

test("gives back what was added in the order of instants, then of places", () => {
  const item = fc.record({ at: fc.nat(20), place: fc.nat(5), what: fc.nat() });
  fc.assert(
    fc.property(fc.array(item), (items) => {
      const agenda = new Agenda<number>();
      for (const each of items) agenda.add(each);
      const taken: (typeof items)[number][] = [];
      for (let next = agenda.take(); next; next = agenda.take()) taken.push(next);
      const inOrder = [...items].sort((one, other) => one.at - other.at || one.place - other.place);
      expect(taken.map(({ at, place }) => [at, place])).toEqual(inOrder.map(({ at, place }) => [at, place]));
      expect(taken).toHaveLength(items.length);
    }),
  );
});
