import { expect, test } from "vitest";
import { createKnownContacts } from "./known-contacts.ts";

const own = (value: string, contactId = "one") =>
  ({ lane: 1, workspaceId: "w", kind: "email", value, contactLane: 2, contactId }) as const;

test("remembers who owns an identity, by workspace, kind and value", () => {
  const known = createKnownContacts();
  known.add([own("a@x.example")]);
  expect(known.find(own("a@x.example"))?.contactId).toBe("one");
  expect(known.find(own("b@x.example"))).toBeUndefined();
  expect(known.find({ ...own("a@x.example"), workspaceId: "other" })).toBeUndefined();
  expect(known.find({ ...own("a@x.example"), kind: "externalId" })).toBeUndefined();
});

test("keeps the latest owner, and forgets when told", () => {
  const known = createKnownContacts();
  known.add([own("a@x.example"), own("a@x.example", "two")]);
  expect(known.find(own("a@x.example"))?.contactId).toBe("two");
  known.forget([own("a@x.example")]);
  expect(known.find(own("a@x.example"))).toBeUndefined();
});

test("keeps what is asked for, and no more than twice as many as it may", () => {
  const known = createKnownContacts(10);
  for (let number = 0; number < 100; number += 1) {
    known.add([own(`c${number}@x.example`)]);
    known.find(own("c0@x.example"));
  }
  const kept = Array.from({ length: 100 }, (_, number) => own(`c${number}@x.example`)).filter((row) => known.find(row));
  expect(kept.length).toBeLessThanOrEqual(20);
  expect(known.find(own("c0@x.example"))).toBeDefined();
  expect(known.find(own("c50@x.example"))).toBeUndefined();
});
