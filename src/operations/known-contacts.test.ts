import { expect, test } from "vitest";
import { createKnownContacts, identityKey } from "./known-contacts.ts";

const own = (value: string, contactId = "one") =>
  ({ lane: 1, workspaceId: "w", kind: "email", value, contactLane: 2, contactId }) as const;
const keyOf = (value: string) => identityKey(own(value));

test("a key is of workspace, kind and value", () => {
  const one = own("a@x.example");
  const keys = [one, { ...one, workspaceId: "other" }, { ...one, kind: "externalId" } as const, own("b@x.example")];
  expect(new Set(keys.map(identityKey)).size).toBe(keys.length);
  expect(identityKey(own("a@x.example", "two"))).toBe(identityKey(one));
});

test("remembers the latest owner of an identity, and forgets it when told", () => {
  const known = createKnownContacts();
  expect(known.find(keyOf("a@x.example"))).toBeUndefined();
  for (const contactId of ["one", "two"]) known.add(keyOf("a@x.example"), own("a@x.example", contactId), 1);
  expect(known.find(keyOf("a@x.example"))?.contactId).toBe("two");
  expect(known.find(keyOf("b@x.example"))).toBeUndefined();
  known.forget(keyOf("a@x.example"));
  expect(known.find(keyOf("a@x.example"))).toBeUndefined();
});

test("keeps what is asked for, and no more than twice as many as it may", () => {
  const known = createKnownContacts(10);
  const values = Array.from({ length: 100 }, (_, number) => `c${number}@x.example`);
  for (const value of values) {
    known.add(keyOf(value), own(value), null);
    known.find(keyOf("c0@x.example"));
  }
  expect(values.filter((value) => known.find(keyOf(value))).length).toBeLessThanOrEqual(20);
  expect(known.find(keyOf("c0@x.example"))).toBeDefined();
  expect(known.find(keyOf("c50@x.example"))).toBeUndefined();
});

test("forgets also what it has not been asked for in a while", () => {
  const known = createKnownContacts(2);
  for (const value of ["a", "b", "c"]) known.add(keyOf(value), own(value), null);
  known.forget(keyOf("a"));
  expect(known.find(keyOf("a"))).toBeUndefined();
  expect(known.find(keyOf("b"))).toBeDefined();
});

test("an owner is known as of a revision, and of each workspace the revision seen last", () => {
  const known = createKnownContacts();
  known.add(keyOf("a"), own("a"), 3);
  known.add(keyOf("b"), own("b"), null);
  expect(["a", "b"].map((value) => known.find(keyOf(value)))).toEqual([
    { ...own("a"), revision: 3 },
    { ...own("b"), revision: null },
  ]);
  for (const revision of [3, 5, 4]) known.sawRevision("w", revision);
  expect(["w", "other"].map(known.revision)).toEqual([4, null]);
});
