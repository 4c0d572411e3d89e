import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import {
  answerEffects,
  claimEffects,
  finishEffects,
  insertEffects,
  nextEffectDue,
  type OutboxRow,
  releaseDeadLeases,
  releaseEffects,
  removeAnswered,
  retryEffects,
  takeAnswers,
} from "./outbox.ts";
import {
  cancelEffect,
  lockMessageEffect,
  restartEffect,
  stopContactEffects,
  stopRunEffects,
} from "./outbox-changes.ts";
import { seeWorker } from "./workers.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql`truncate outbox, worker`;
});

const uuid = (number: number) => `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;
const [worker, other] = [uuid(901), uuid(902)];
const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 10, minutes));

function effectOf(
  number: number,
  changes: Partial<OutboxRow> & { leasedBy?: string } = {},
): OutboxRow & { leasedBy: string | null } {
  const origin = {
    workspaceId: uuid(1),
    contactId: uuid(2),
    flowId: uuid(3),
    version: 1,
    step: "call",
    messageId: null,
  };
  const key = { lane: number % 4, runId: uuid(100 + number), visit: 1, ordinal: 0 };
  return {
    ...key,
    kind: "http",
    ...origin,
    data: { n: number },
    awaited: true,
    attempt: 0,
    firstDueAt: at(0),
    dueAt: at(number),
    priority: 1,
    putOff: null,
    leasedBy: null,
    ...changes,
  };
}

const put = (...effects: ReturnType<typeof effectOf>[]) => insertEffects(database.sql, effects);
const claim = async (by: string, now: Date, limit = 100) =>
  (await claimEffects(database.sql, { worker: by, kind: "http", now, limit })).map(({ data }) => data["n"]).sort();

test("claims what is due of one kind, the longest due first, once", async () => {
  await put(effectOf(3), effectOf(1), effectOf(2), effectOf(9), effectOf(4, { kind: "email" }));
  expect(await nextEffectDue(database.sql, "http")).toEqual(at(1));
  expect(await claim(worker, at(5), 2)).toEqual([1, 2]);
  expect(await claim(other, at(5))).toEqual([3]);
  expect(await claim(other, at(5))).toEqual([]);
  expect(await nextEffectDue(database.sql, "http")).toEqual(at(9));
});

test("claims the urgent before the ordinary, and the bulk last, whenever they were due", async () => {
  await put(effectOf(1, { priority: 2 }), effectOf(2, { priority: 1 }), effectOf(3, { priority: 0 }));
  expect(await nextEffectDue(database.sql, "http")).toEqual(at(1));
  expect([await claim(worker, at(5), 1), await claim(worker, at(5), 1), await claim(worker, at(5), 1)]).toEqual([
    [3],
    [2],
    [1],
  ]);
});

test("two that claim at the same time never get the same effect", async () => {
  await put(...Array.from({ length: 200 }, (_, number) => effectOf(number, { dueAt: at(0) })));
  const parts = await Promise.all(
    Array.from({ length: 8 }, (_, index) => claim(index % 2 ? worker : other, at(1), 40)),
  );
  const all = parts.flat();
  expect(new Set(all).size).toBe(all.length);
  expect([...all, ...(await claim(worker, at(1), 500))]).toHaveLength(200);
});

test("an effect comes back whole, and one born leased is not claimed", async () => {
  const { leasedBy: _, ...effect } = effectOf(1, { data: { url: "x", nested: [null, "é"] }, messageId: uuid(50) });
  await put({ ...effect, leasedBy: null }, effectOf(2, { leasedBy: other }));
  expect([...(await claimEffects(database.sql, { worker, kind: "http", now: at(5), limit: 10 }))]).toEqual([effect]);
});

test("a retry comes due later, with its attempts counted", async () => {
  const effect = effectOf(1);
  await put(effect);
  await claim(worker, at(1));
  expect(await retryEffects(database.sql, worker, [{ ...effect, attempt: 2, dueAt: at(7) }])).toHaveLength(1);
  expect(await claim(other, at(6))).toEqual([]);
  expect((await claimEffects(database.sql, { worker: other, kind: "http", now: at(7), limit: 1 }))[0]).toMatchObject({
    attempt: 2,
    firstDueAt: at(0),
    dueAt: at(7),
  });
});

test("an answer waits for the pass over its lane, and is then gone", async () => {
  const [one, two] = [effectOf(1), effectOf(2)];
  await put(one, two);
  await claim(worker, at(5));
  await answerEffects(database.sql, worker, [{ ...one, answer: { ok: true, result: { status: 200 } } }]);
  expect(await takeAnswers(database.sql, [two.lane], 10)).toHaveLength(0);
  const answers = await takeAnswers(database.sql, [one.lane, two.lane], 10);
  expect([...answers]).toMatchObject([{ runId: one.runId, visit: 1, answer: { ok: true, result: { status: 200 } } }]);
  expect(await claim(other, at(60))).toEqual([]);
  await removeAnswered(database.sql, answers);
  expect(await takeAnswers(database.sql, [one.lane], 10)).toHaveLength(0);
});

test("whoever lost the lease settles nothing any more", async () => {
  const effect = effectOf(1, { leasedBy: other });
  await put(effect);
  expect(await retryEffects(database.sql, worker, [{ ...effect, attempt: 1, dueAt: at(9) }])).toHaveLength(0);
  expect(await answerEffects(database.sql, worker, [{ ...effect, answer: { ok: true, result: null } }])).toHaveLength(
    0,
  );
  expect(await finishEffects(database.sql, worker, [effect])).toHaveLength(0);
  await releaseEffects(database.sql, worker, [effect]);
  expect(await claim(worker, at(60))).toEqual([]);
  expect(await finishEffects(database.sql, other, [effect])).toHaveLength(1);
});

test("only the leases of processes that are not seen any more are given back", async () => {
  await seeWorker(database.sql, { id: worker, roles: ["sender"], now: new Date() } as Parameters<typeof seeWorker>[1]);
  await put(effectOf(1, { leasedBy: worker }), effectOf(2, { leasedBy: other }));
  expect(await releaseDeadLeases(database.sql, 60_000)).toBe(1);
  expect(await claim(worker, at(60))).toEqual([2]);
});

test("stopping a run spares what is in hand; stopping a contact spares nothing", async () => {
  const run = uuid(700);
  const of = (visit: number, changes: Parameters<typeof effectOf>[1] = {}) =>
    effectOf(4, { runId: run, visit, messageId: uuid(visit), ...changes });
  await put(of(11), of(12, { leasedBy: other }), effectOf(8));
  const stopped = await database.sql.begin((sql) => stopRunEffects(sql, { lane: 0, runId: run }));
  expect([...stopped]).toEqual([{ messageId: uuid(11) }]);
  const all = await database.sql.begin((sql) => stopContactEffects(sql, { lane: 0, contactId: uuid(2) }));
  expect(all.map(({ messageId }) => messageId).sort()).toEqual([uuid(12), null].sort());
});

test("a message's effect can be started over, or ended with an answer for the run that waits", async () => {
  const [silent, awaited] = [
    effectOf(4, { messageId: uuid(21), awaited: false, attempt: 5 }),
    effectOf(8, { messageId: uuid(22) }),
  ];
  await put(silent, awaited);
  const found = await database.sql.begin((sql) =>
    lockMessageEffect(sql, { lane: 0, runId: silent.runId, messageId: uuid(21) }),
  );
  expect(found).toEqual({ visit: 1, ordinal: 0, awaited: false, isLeased: false });
  await restartEffect(database.sql, silent, at(2));
  expect((await claimEffects(database.sql, { worker, kind: "http", now: at(2), limit: 5 }))[0]).toMatchObject({
    attempt: 0,
    firstDueAt: at(2),
  });
  const no = { ok: false, result: { reason: "cancelled" } };
  await cancelEffect(database.sql, silent, no);
  await cancelEffect(database.sql, awaited, no);
  expect([...(await takeAnswers(database.sql, [0], 10))]).toMatchObject([{ runId: awaited.runId, answer: no }]);
  expect(await database.sql`select 1 from outbox`).toHaveLength(1);
});
