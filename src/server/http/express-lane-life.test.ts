import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import {
  email,
  event,
  json,
  type Listening,
  makeExpressWorld,
  open,
  own,
  startListening,
} from "../../testing/express-world.ts";
import {
  bytesOf,
  callRaw,
  type Header,
  nextRead,
  openBothEnds,
  openConnection,
  type RawCall,
} from "../../testing/raw-http.ts";

let database: TestDatabase;
let here: Listening;
beforeAll(async () => {
  database = await createTestDatabase();
  const first = await startListening(database.sql);
  await makeExpressWorld(first);
  await first.server.app.close();
});
beforeEach(async () => {
  here = await startListening(database.sql, { settings: { slowRequestMs: 0, trustProxy: true } });
});
afterEach(async () => {
  await here.server.app.close();
});
afterAll(async () => {
  await database.drop();
});

const unplain: Header = ["Content-Type", "application/json; charset=utf-8"];
const ways: [string, Header][] = [
  ["the lane", json],
  ["the framework", unplain],
];

function toOwn(type: Header, ...more: Header[]): RawCall {
  const headers = [type, ["Authorization", here.server.auth.authorization] as const, ...more];
  return { url: own, headers, body: JSON.stringify(event) };
}
const toOpen = (type: Header, ...more: Header[]): RawCall => ({
  ...{ url: open, headers: [type, ...more] },
  body: JSON.stringify({ email }),
});

/** Lets events wait before they are recorded. */
function holdEvents(): { taken: Promise<void>; release: () => void } {
  const { recorder } = here.server.platform;
  const add = recorder.add.bind(recorder);
  let release = () => undefined as unknown;
  const released = new Promise<void>((resolve) => {
    release = () => resolve();
  });
  const taken = new Promise<void>((resolve) => {
    const held: typeof add = async (request) => {
      resolve();
      await released;
      return add(request);
    };
    Object.assign(recorder, { add: held });
  });
  return { taken, release };
}

/** Not by `once` of events, which rejects: the reset is an error to the socket. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));

const countEvents = async () => (await database.sql`select 1 from event`).length;

test("one connection serves many calls, by both ways in turn", async () => {
  let connections = 0;
  here.server.app.server.on("connection", () => {
    connections += 1;
  });
  const before = await countEvents();
  const connection = await openConnection(here.port);
  for (let count = 0; count < 60; count += 1) {
    const type = count % 3 === 0 ? unplain : json;
    connection.write(bytesOf(count % 2 === 0 ? toOwn(type) : toOpen(type)));
    const answer = await connection.next();
    expect([200, 202]).toContain(answer.status);
    expect(answer.headers["connection"]).toBe("keep-alive");
  }
  expect(connections).toBe(1);
  expect(await countEvents()).toBe(before + 60);
  connection.socket.destroy();
});

test.each(ways)(
  "a client that hangs up while its call is under way by %s does no harm, and its event is kept",
  async (_, type) => {
    const { taken, release } = holdEvents();
    const before = await countEvents();
    const connection = await openBothEnds(here.server.app.server, here.port);
    connection.write(bytesOf(toOwn(type)));
    await taken;
    const gone = closed(connection.far);
    connection.socket.resetAndDestroy();
    await gone;
    release();
    expect((await callRaw(here.port, toOwn(json))).status).toBe(202);
    // Batches are written side by side: that of the call before may still be.
    await here.server.platform.recorder.idle();
    expect(await countEvents()).toBe(before + 2);
  },
);

test("a client that hangs up in the middle of its body does no harm, and nothing is kept", async () => {
  const before = await countEvents();
  const connection = await openBothEnds(here.server.app.server, here.port);
  const read = nextRead(connection.far);
  connection.write(bytesOf(toOwn(json)).subarray(0, -3));
  await read;
  const gone = closed(connection.far);
  connection.socket.resetAndDestroy();
  await gone;
  expect((await callRaw(here.port, toOwn(json))).status).toBe(202);
  expect(await countEvents()).toBe(before + 1);
});

test.each(ways)("a server that closes answers what is under way by %s, and then ends", async (_, type) => {
  const { taken, release } = holdEvents();
  const connection = await openConnection(here.port);
  connection.write(bytesOf(toOwn(type)));
  await taken;
  const ends = here.server.app.close();
  release();
  expect((await connection.next()).status).toBe(202);
  await ends;
});

test("calls count by route and status, whichever way they took", async () => {
  for (const [, type] of ways) {
    await callRaw(here.port, toOwn(type));
    await callRaw(here.port, { ...toOwn(type), headers: [type] });
    await callRaw(here.port, toOpen(type));
    await callRaw(here.port, { ...toOpen(type), body: '{"email":"nobody"}' });
  }
  const { body } = await here.server.app.inject("/metrics");
  const count = (route: string, status: number) =>
    `staffetta_http_requests_total{method="POST",route="${route}",status="${status}"} 2`;
  const route = "/events/id/:token/:number";
  for (const line of [count(own, 202), count(own, 401), count(route, 200), count(route, 422)])
    expect(body).toContain(line);
  expect(body).toContain("staffetta_events_accepted_total 4");
});

describe.each(ways)("the log, by %s", (_, type) => {
  const trace: Header = ["X-Request-Id", "trace-9"];
  const line = (...words: string[]) => here.server.log.filter((text) => words.every((word) => text.includes(word)));

  test("names a slow call by its request id, its token hidden", async () => {
    await callRaw(here.port, toOpen(type, trace));
    const [slow = ""] = line("slow request", "trace-9");
    expect(JSON.parse(slow)).toMatchObject({
      method: "POST",
      status: 200,
      requestId: "trace-9",
      durationMs: expect.any(Number),
    });
    expect(slow).not.toContain(open.split("/")[3]);
  });

  test("has what is ours, without a key, a token or a word of the body", async () => {
    const add = async () => {
      throw new Error("the disk is on fire");
    };
    Object.assign(here.server.platform.recorder, { add });
    for (const call of [toOwn(type, trace), toOpen(type, trace)]) {
      here.server.log.length = 0;
      const answer = await callRaw(here.port, call);
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain("fire");
      expect(line("on fire", "trace-9", '"level":50')).toHaveLength(1);
      for (const secret of ["stk_", open.split("/")[3] ?? "", email]) expect(line(secret)).toEqual([]);
    }
  });

  test("has nothing of what is the caller's", async () => {
    await callRaw(here.port, { ...toOpen(type), body: "{}" });
    await callRaw(here.port, { ...toOwn(type), headers: [type] });
    expect(line('"level":50')).toEqual([]);
  });
});

test.each([
  "1.2.3.4",
  "1.2.3.4, 5.6.7.8",
  "1.2.3.4 , 5.6.7.8",
  "2001:DB8::1",
  " , 1.2.3.4",
  ",",
  "",
  " ",
  "garbage",
  "a b",
  "[::1]:80",
  "\u00a01.2.3.4,x",
  "<script>",
])("of the addresses %j that a proxy gave, the same is kept by both ways", async (given) => {
  const kept = [];
  for (const [, type] of ways) {
    const { body } = await callRaw(here.port, toOpen(type, ["X-Forwarded-For", given]));
    const url = `${own}/${JSON.parse(body).event_id}`;
    kept.push((await here.server.app.inject({ url, headers: here.server.auth })).json().client.ip);
  }
  expect(kept[0]).toEqual(expect.any(String));
  expect(kept[0]).toBe(kept[1]);
});

test("an address in several headers, and one that no proxy is trusted to give", async () => {
  const wary = await startListening(database.sql);
  for (const [on, ip] of [
    [here, "1.2.3.4"],
    [wary, "127.0.0.1"],
  ] as const) {
    const several: Header[] = [
      ["X-Forwarded-For", "1.2.3.4"],
      ["X-Forwarded-For", "5.6.7.8"],
    ];
    const { body } = await callRaw(on.port, toOpen(json, ...several));
    const url = `${own}/${JSON.parse(body).event_id}`;
    expect((await on.server.app.inject({ url, headers: on.server.auth })).json().client.ip).toBe(ip);
  }
  await wary.server.app.close();
});
