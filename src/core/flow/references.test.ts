import fc from "fast-check";
import { expect, test } from "vitest";
import { isUuid } from "../id.ts";
import type { Json } from "../json.ts";
import { idOfName, type Named, nameReferences, referencesIn, resolveReferences } from "./references.ts";

const news: Named = { kind: "list", name: "News" };
const vips: Named = { kind: "segment", name: "VIPs" };
const [newsId, vipsId] = [idOfName(news), idOfName(vips)];
const known = new Map([
  [newsId, news],
  [vipsId, vips],
]);
const idOf = (named: Named) => ({ id: idOfName(named) });

test("ids become names wherever they stand, and ids again", () => {
  const flow = { steps: { a: { config: { lists: [newsId], where: { value: vipsId }, text: "news" } } } };
  const { definition } = nameReferences(flow, known);
  expect(definition).toEqual({
    steps: {
      a: {
        config: {
          lists: [{ $staffetta: "list", name: "News" }],
          where: { value: { $staffetta: "segment", name: "VIPs" } },
          text: "news",
        },
      },
    },
  });
  expect(referencesIn(definition)).toEqual([news, vips]);
  expect(resolveReferences(definition, idOf)).toEqual({ definition: flow, issues: [] });
});

test("any JSON comes back from its named form as it was", () => {
  const value = fc.letrec<{ any: Json }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<Json>(newsId, vipsId, null, 1),
      fc.string(),
      fc.array(tie("any")),
      fc.dictionary(fc.constantFrom("a", "b", "name"), tie("any")),
    ),
  })).any;
  fc.assert(
    fc.property(value, (json) => {
      expect(resolveReferences(nameReferences(json, known).definition, idOf)).toEqual({ definition: json, issues: [] });
    }),
  );
});

test("an id within a longer text stays, and is told", () => {
  const html = `{% if contact.lists contains "${newsId}" %}x{% endif %}`;
  expect(nameReferences({ html }, known)).toEqual({
    definition: { html },
    inside: [{ path: "html", message: 'holds the id of the list "News" in a text' }],
  });
});

test("a name that nothing has, and a reference that is none, are told with their places", () => {
  const flow = { a: { $staffetta: "list", name: "None" }, b: [{ $staffetta: "shop", name: "x" }] };
  const { issues } = resolveReferences(flow, () => ({ problem: "there is no such list" }));
  expect(issues).toEqual([
    { path: "a", message: "there is no such list" },
    { path: "b[0]", message: 'must be {"$staffetta": "list", "name": "..."}' },
  ]);
});

test("a flow that uses our mark for something of its own is not exported", () => {
  expect(() => nameReferences({ body: { $staffetta: "mine" } }, known)).toThrow("at body");
});

test("a name always gives the same id, and another name another one", () => {
  expect(idOfName(news)).toBe(newsId);
  expect(isUuid(newsId)).toBe(true);
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      if (one !== other)
        expect(idOfName({ kind: "list", name: one })).not.toBe(idOfName({ kind: "list", name: other }));
    }),
  );
});
