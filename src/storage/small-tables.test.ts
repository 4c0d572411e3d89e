import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { listAdmissions, loadAdmissions, saveAdmissions } from "./admissions.ts";
import { isConflict } from "./conflicts.ts";
import { addCounts, readCounts } from "./counters.ts";
import { findAnswers, keepAnswers, removeOldAnswers } from "./idempotency.ts";
import { claimIdentities, findIdentities, lookAtIdentities, moveIdentities, releaseIdentities } from "./identities.ts";
import { loadMemberships, setMemberships } from "./memberships.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const uuid = (number: number) => `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;
const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 10, minutes));
const workspaceId = uuid(1);

test("an identity goes to whoever claims it first, until it is released", async () => {
  const own = (value: string, contact: number) => ({
    lane: 3,
    workspaceId,
    kind: "email" as const,
    value,
    contactLane: 7,
    contactId: uuid(contact),
  });
  expect(await claimIdentities(database.sql, [own("a@x", 10), own("b@x", 10)])).toHaveLength(2);
  expect((await claimIdentities(database.sql, [own("b@x", 11), own("c@x", 11)])).map(({ value }) => value)).toEqual([
    "c@x",
  ]);
  const asked = ["a@x", "b@x", "z@x"].map((value) => ({ lane: 3, workspaceId, kind: "email" as const, value }));
  expect((await findIdentities(database.sql, asked)).map(({ value, contactId }) => [value, contactId]).sort()).toEqual([
    ["a@x", uuid(10)],
    ["b@x", uuid(10)],
  ]);
  expect(
    await findIdentities(
      database.sql,
      asked.map((row) => ({ ...row, kind: "phone" as const })),
    ),
  ).toHaveLength(0);
  await releaseIdentities(database.sql, asked);
  expect(await claimIdentities(database.sql, [own("b@x", 11)])).toHaveLength(1);
});

test("identities that are taken from contacts are counted for their workspace; those that are given to somebody are not", async () => {
  const own = (value: string, owner: number, workspace = 90) => ({
    ...{ lane: 3, workspaceId: uuid(workspace), kind: "email" as const, value, contactLane: 7, contactId: uuid(owner) },
  });
  const others = [own("a@y", 12, 91)];
  const look = async () => {
    const { owned, revisions } = await lookAtIdentities(database.sql, [own("a@y", 0), own("b@y", 0), ...others]);
    return { owners: owned.map(({ value, contactId }) => `${value} ${contactId.slice(-2)}`), revisions };
  };
  const revisions = (one: number, other: number) =>
    new Map([
      [uuid(90), one],
      [uuid(91), other],
    ]);
  expect(await look()).toEqual({ owners: [], revisions: revisions(0, 0) });
  await claimIdentities(database.sql, [own("a@y", 10), own("b@y", 10), ...others]);
  expect(await look()).toEqual({ owners: ["a@y 10", "b@y 10", "a@y 12"], revisions: revisions(0, 0) });
  await moveIdentities(database.sql, [own("a@y", 11)]);
  expect(await look()).toEqual({ owners: ["a@y 11", "b@y 10", "a@y 12"], revisions: revisions(1, 0) });
  await releaseIdentities(database.sql, [own("a@y", 11), own("b@y", 10), ...others]);
  expect(await look()).toEqual({ owners: [], revisions: revisions(2, 1) });
  await releaseIdentities(database.sql, [own("a@y", 11)]);
  expect((await look()).revisions).toEqual(revisions(2, 1));
});

test("claims made at once in any order give each identity to one, and none waits for ever", async () => {
  const values = Array.from({ length: 10 }, (_, index) => `r${index}@x`);
  const claims = await Promise.all(
    [20, 21, 22, 23].map((contact, index) => {
      const rows = values.map((value, lane) => ({
        lane,
        workspaceId,
        kind: "email" as const,
        value,
        contactLane: 1,
        contactId: uuid(contact),
      }));
      return claimIdentities(database.sql, index % 2 ? rows.reverse() : rows);
    }),
  );
  expect(
    claims
      .flat()
      .map(({ value }) => value)
      .sort(),
  ).toEqual([...values].sort());
});

test("a membership takes the last state given, keeps when it began, and changes only when the state does", async () => {
  const row = { lane: 1, contactId: uuid(30), listId: uuid(31), workspaceId };
  await setMemberships(database.sql, [
    { ...row, state: "unconfirmed", at: at(0) },
    { ...row, state: "subscribed", at: at(0) },
  ]);
  await setMemberships(database.sql, [{ ...row, state: "subscribed", at: at(5) }]);
  const read = () => database.sql`select state, joined_at, updated_at from membership where contact_id = ${uuid(30)}`;
  expect([...(await read())]).toEqual([{ state: "subscribed", joined_at: at(0), updated_at: at(0) }]);
  await setMemberships(database.sql, [{ ...row, state: "unsubscribed", at: at(9) }]);
  expect([...(await read())]).toEqual([{ state: "unsubscribed", joined_at: at(0), updated_at: at(9) }]);
  expect([...(await loadMemberships(database.sql, [{ lane: 1, id: uuid(30) }]))]).toEqual([
    { contactId: uuid(30), listId: uuid(31), state: "unsubscribed" },
  ]);
});

test("an answer is kept once for a key, found with its hash, and forgotten when old", async () => {
  const answer = {
    workspaceId,
    operation: "events",
    key: "k",
    requestHash: "0a".repeat(32),
    status: 202,
    response: [{ eventId: "e" }],
  };
  expect(await keepAnswers(database.sql, [answer, { ...answer, key: "l" }], at(0))).toBe(2);
  expect(
    await keepAnswers(
      database.sql,
      [
        { ...answer, status: 500 },
        { ...answer, operation: "lists" },
      ],
      at(0),
    ),
  ).toBe(1);
  expect([...(await findAnswers(database.sql, [answer, { ...answer, key: "none" }]))]).toEqual([answer]);
  await removeOldAnswers(database.sql, at(1));
  expect(await findAnswers(database.sql, [answer])).toHaveLength(0);
});

test("counts add up over lanes and batches, apart for each version and name", async () => {
  const row = { lane: 1, workspaceId, subject: uuid(40), version: 1, name: "started", by: 2 };
  await Promise.all(
    [1, 2, 3].map((lane) =>
      addCounts(database.sql, [
        { ...row, lane },
        { ...row, lane, name: "failed", by: 1 },
      ]),
    ),
  );
  await addCounts(database.sql, [row, { ...row, version: 2, by: 5 }, { ...row, subject: uuid(41) }]);
  expect([...(await readCounts(database.sql, { workspaceId, subject: uuid(40) }))]).toEqual([
    { version: 1, name: "failed", value: 3 },
    { version: 1, name: "started", value: 8 },
    { version: 2, name: "started", value: 5 },
  ]);
  expect(await readCounts(database.sql, { workspaceId: uuid(2), subject: uuid(40) })).toHaveLength(0);
});

test("an admission remembers the last entry by key, and how many there were", async () => {
  const row = { lane: 1, contactId: uuid(50), flowId: uuid(51), key: null, runId: uuid(52), at: at(0) };
  await saveAdmissions(database.sql, [row, { ...row, key: "o-1" }]);
  await saveAdmissions(database.sql, [{ ...row, runId: uuid(53), at: at(5) }]);
  const loaded = await loadAdmissions(database.sql, [{ lane: 1, id: uuid(50) }]);
  expect([...loaded].sort((a, b) => (a.key ?? "").localeCompare(b.key ?? ""))).toEqual([
    { ...row, runId: uuid(53), at: at(5) },
    { ...row, key: "o-1" },
  ]);
  const listed = await listAdmissions(database.sql, { ...row, limit: 10 });
  expect([...listed]).toEqual([
    { key: null, runId: uuid(53), lastAt: at(5), times: 2 },
    { key: "o-1", runId: uuid(52), lastAt: at(0), times: 1 },
  ]);
});

test("a deadlock is known from other errors", async () => {
  const fail = (code: string) =>
    database.sql
      .unsafe(`do $$ begin raise exception 'x' using errcode = '${code}'; end $$`)
      .catch((error: unknown) => error);
  expect([
    isConflict(await fail("40P01")),
    isConflict(await fail("40001")),
    isConflict(await fail("23505")),
    isConflict(new Error("x")),
    isConflict("40P01"),
  ]).toEqual([true, true, false, false, false]);
});
