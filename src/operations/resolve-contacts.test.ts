import fc from "fast-check";
import { expect, test } from "vitest";
import { type IdentityKind, identityKinds } from "../core/contact.ts";
import { laneOf, laneOfValue } from "../core/id.ts";
import type { OwnedIdentity } from "../storage/identities.ts";
import { identityKey } from "./known-contacts.ts";
import { contactsToFill, type Identity, identityRows, namedIdentities, resolveContacts } from "./resolve-contacts.ts";

const workspaceId = "w";
const idOf = (number: number) => `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;

function own(kind: IdentityKind, value: string, contact: number): OwnedIdentity {
  return {
    lane: laneOfValue(value),
    workspaceId,
    kind,
    value,
    contactLane: laneOf(idOf(contact)),
    contactId: idOf(contact),
  };
}

const ownersOf = (owned: readonly OwnedIdentity[]) => new Map(owned.map((row) => [identityKey(row), row]));

/** The calls, with owners as they are known before contacts are resolved. */
function naming(identities: readonly Identity[], owned: readonly OwnedIdentity[] = []) {
  const owners = ownersOf(owned);
  const calls = identities.map((identity) => namedIdentities(workspaceId, identity));
  for (const named of calls.flat()) {
    const owner = owners.get(named.key);
    named.owner = owner ? { ...owner, revision: null } : null;
  }
  return calls;
}

function resolve(identities: Identity[], owned: OwnedIdentity[] = [], kinds?: Record<number, IdentityKind[]>) {
  let made = 90;
  const held = new Map(Object.entries(kinds ?? {}).map(([contact, list]) => [idOf(Number(contact)), new Set(list)]));
  const { refs, claims } = resolveContacts(naming(identities, owned), held, () => idOf(++made));
  return {
    ids: refs.map(({ id }) => Number(id.slice(-12))),
    claims: claims.map(({ kind, value, contactId }) => `${kind} ${value} ${Number(contactId.slice(-12))}`),
  };
}

test.each<[string, Identity[], OwnedIdentity[], number[], string[]]>([
  ["a new contact claims all that names it", [{ email: "a", phone: "1" }], [], [91], ["email a 91", "phone 1 91"]],
  [
    "a known one claims only what nobody owns",
    [{ externalId: "x", email: "a" }],
    [own("externalId", "x", 1)],
    [1],
    ["email a 1"],
  ],
  [
    "the external id comes before the e-mail, and that before the phone",
    [{ phone: "1", email: "a", externalId: "x" }],
    [own("phone", "1", 3), own("email", "a", 2), own("externalId", "x", 1)],
    [1],
    [],
  ],
  [
    "an owned e-mail counts before a new external id",
    [{ externalId: "x", email: "a" }],
    [own("email", "a", 2)],
    [2],
    ["externalId x 2"],
  ],
  [
    "later calls of a batch know the contact that an earlier one made",
    [{ email: "a" }, { email: "a", phone: "1" }, { phone: "1" }],
    [],
    [91, 91, 91],
    ["email a 91", "phone 1 91"],
  ],
  [
    "a second e-mail for a new contact stays free",
    [{ externalId: "x", email: "a" }, { externalId: "x", email: "b" }, { email: "b" }],
    [],
    [91, 91, 92],
    ["externalId x 91", "email a 91", "email b 92"],
  ],
])("%s", (...[, identities, owned, ids, claims]) => {
  expect(resolve(identities, owned)).toEqual({ ids, claims });
});

test("an e-mail stays free when the contact has another one already", () => {
  expect(
    resolve([{ externalId: "x", email: "b" }, { email: "b" }], [own("externalId", "x", 1)], {
      1: ["externalId", "email"],
    }),
  ).toEqual({ ids: [1, 91], claims: ["email b 91"] });
});

test("the same value in two workspaces is two contacts", () => {
  const named = ["w1", "w2"].map((workspace) => namedIdentities(workspace, { email: "a" }));
  let made = 0;
  const { refs } = resolveContacts(named, new Map(), () => idOf(++made));
  expect(new Set(refs.map(({ id }) => id)).size).toBe(2);
});

test("only contacts that are named beside an identity nobody owns may need filling", () => {
  const owned = [own("externalId", "x", 1), own("email", "a", 2)];
  const calls = naming(
    [{ externalId: "x", email: "a" }, { externalId: "x" }, { email: "a", phone: "1" }, { phone: "9" }],
    owned,
  );
  expect(contactsToFill(calls)).toEqual([{ lane: laneOf(idOf(2)), id: idOf(2) }]);
});

test("rows come by precedence, each in the lane of its value", () => {
  expect(identityRows("w", { phone: "1", externalId: "x" })).toEqual([
    { lane: laneOfValue("x"), workspaceId: "w", kind: "externalId", value: "x" },
    { lane: laneOfValue("1"), workspaceId: "w", kind: "phone", value: "1" },
  ]);
});

test("the identities of a call carry the keys under which they are remembered", () => {
  const named = namedIdentities("w", { phone: "1", externalId: "x" });
  expect(named).toEqual(
    identityRows("w", { phone: "1", externalId: "x" }).map((row) => ({
      ...row,
      key: identityKey(row),
      owner: undefined,
    })),
  );
});

test("claims are rows to be written, without keys", () => {
  const { claims } = resolveContacts(naming([{ email: "a" }]), new Map(), () => idOf(1));
  expect(claims).toEqual([own("email", "a", 1)]);
});

const identity = fc
  .record(
    { externalId: fc.constantFrom("x", "y"), email: fc.constantFrom("a", "b", "c"), phone: fc.constantFrom("1", "2") },
    { requiredKeys: [], noNullPrototype: true },
  )
  .filter((named) => Object.keys(named).length > 0) as fc.Arbitrary<Identity>;

test("one batch resolves as its events would one after the other", () => {
  fc.assert(
    fc.property(fc.array(identity, { maxLength: 8 }), (identities) => {
      const owned: OwnedIdentity[] = [];
      const held = new Map<string, Set<IdentityKind>>();
      let made = 90;
      const oneByOne = identities.map((each) => {
        const { refs, claims } = resolveContacts(naming([each], owned), held, () => idOf(++made));
        owned.push(...claims);
        for (const { contactId, kind } of claims) held.set(contactId, new Set([...(held.get(contactId) ?? []), kind]));
        return Number(refs[0]?.id.slice(-12));
      });
      const { ids, claims } = resolve(identities);
      expect(ids).toEqual(oneByOne);
      expect(claims).toHaveLength(owned.length);
      const perContact = claims.map((claim) => `${claim.split(" ")[0]} ${claim.split(" ")[2]}`);
      expect(new Set(perContact).size).toBe(perContact.length);
      expect(claims.every((claim) => identityKinds.some((kind) => claim.startsWith(kind)))).toBe(true);
    }),
  );
});
