import { expect, test } from "vitest";
import { createKnownContacts, identityKey, type KnownOwner } from "./known-contacts.ts";
import { namedIdentities } from "./resolve-contacts.ts";
import { learn, suppose } from "./suppositions.ts";

const owner = (value: string, revision: number | null, workspaceId = "w"): KnownOwner => ({
  ...{ lane: 1, workspaceId, kind: "email", value, contactLane: 2, contactId: `contact of ${value}`, revision },
});

/** Calls that name these owners, one each; null is an identity that is nobody's. */
const naming = (owners: readonly (KnownOwner | null)[]) =>
  owners.map((each) =>
    namedIdentities(each?.workspaceId ?? "w", { email: each?.value ?? "new" }).map((named) => ({
      ...named,
      owner: each,
    })),
  );

const routing = [
  { workspaceId: "w", routing: 7 },
  { workspaceId: "v", routing: 9 },
];
const known = { revision: (workspaceId: string) => (workspaceId === "w" ? 4 : null) };

test("a revision vouches for owners that are known as of it; the others are checked, each once", () => {
  const [sure, old, claimed, elsewhere] = [owner("a", 4), owner("b", 3), owner("c", null), owner("a", 4, "v")];
  const calls = naming([sure, old, old, claimed, elsewhere, null]);
  expect(suppose(calls, { known, routing, isWary: false })).toMatchObject({
    owned: [old, claimed, elsewhere],
    revisions: [
      { workspaceId: "w", routing: 7, identities: 4 },
      { workspaceId: "v", routing: 9, identities: null },
    ],
  });
});

test("whoever is wary checks every owner, and no identity revision", () => {
  const owners = [owner("a", 4), owner("b", 3)];
  const { owned, revisions } = suppose(naming(owners), { known, routing: routing.slice(0, 1), isWary: true });
  expect(owned).toEqual(owners);
  expect(revisions).toEqual([{ workspaceId: "w", routing: 7, identities: null }]);
});

test("what was checked together with a revision, and what was claimed, is known as of it from then on", () => {
  const memory = createKnownContacts();
  const [old, elsewhere] = [owner("b", 3), owner("a", null, "v")];
  const claims = [owner("new", null), owner("new", null, "v")];
  learn(memory, suppose(naming([old, elsewhere]), { known, routing, isWary: false }), claims);
  expect([old.revision, elsewhere.revision]).toEqual([4, null]);
  expect(claims.map((claim) => memory.find(identityKey(claim))?.revision)).toEqual([4, null]);
  expect(suppose(naming([old]), { known, routing, isWary: false }).owned).toEqual([]);
});

test("a batch that checked no revision teaches none", () => {
  const memory = createKnownContacts();
  const old = owner("b", 3);
  learn(memory, suppose(naming([old]), { known, routing, isWary: true }), [owner("new", null)]);
  expect([old.revision, memory.find(identityKey(owner("new", null)))?.revision]).toEqual([3, null]);
});
