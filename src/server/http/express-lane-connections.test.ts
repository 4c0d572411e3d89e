import { once } from "node:events";
import { expect, test } from "vitest";
import {
  answered,
  body,
  holdBack,
  hot,
  json,
  laneOptions,
  listenWithLane,
  resetLane,
  useLane,
} from "../../testing/bare-lane.ts";
import { bytesOf, callRaw, type Header, nextRead, openBothEnds, openConnection } from "../../testing/raw-http.ts";

const lane = useLane();

/** The answer to bytes that come in these pieces. */
async function answerInPieces(pieces: readonly Buffer[]) {
  const connection = await openBothEnds(lane.server, lane.port);
  for (const [index, piece] of pieces.entries()) {
    const read = nextRead(connection.far);
    connection.write(piece);
    if (index < pieces.length - 1) await read;
  }
  const answer = await connection.next();
  connection.socket.destroy();
  return answer;
}

test("waits once for the rest of a body, wherever it is cut", async () => {
  const bytes = bytesOf(hot());
  for (let cut = bytes.length - body.length; cut < bytes.length; cut += 1) {
    const answer = await answerInPieces([bytes.subarray(0, cut), bytes.subarray(cut)]);
    expect(answer.headers["x-way"]).toBe("lane");
    expect(JSON.parse(answer.body).text).toBe(body);
  }
});

test("leaves a call that comes in more pieces, and one whose head is cut", async () => {
  const bytes = bytesOf(hot());
  const head = bytes.length - body.length;
  for (const cuts of [[head, head + 2], [head - 5], [3]]) {
    const answer = await answerInPieces([0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index])));
    expect(answer.headers["x-way"]).toBe("ordinary");
    expect(JSON.parse(answer.body).text).toBe(body);
  }
});

test("every call of a connection is met by its own head and body, also behind one that began the same", async () => {
  const connection = await openConnection(lane.port);
  const calls = [
    ["a", '"one"'],
    ["a", '"two"'],
    ["b", '"two"'],
    ["a", '"three"'],
    ["a", '"other"'],
  ] as const;
  for (const [id, text] of calls) {
    const from: Header = ["X-Forwarded-For", id === "a" ? "10.0.0.1" : "10.0.0.2"];
    connection.write(bytesOf(hot({ headers: [json, ["X-Request-Id", id], from], body: text })));
    const answer = await connection.next();
    expect(answer.headers).toMatchObject({ "x-way": "lane", "x-request-id": id });
    expect(JSON.parse(answer.body)).toEqual({ text, ip: from[1] });
  }
  expect(answered.map(({ id }) => id)).toEqual(calls.map(([id]) => id));
  connection.socket.destroy();
});

// Other systems have but one address of loopback.
test.runIf(process.platform === "linux")("calls that begin the same keep their own sender and body", async () => {
  const texts = ["127.0.0.1", "127.0.0.2", "127.0.0.1"].map((from, index) => [from, `"call ${index}"`] as const);
  for (const [from, text] of texts) {
    const connection = await openConnection(lane.port, from);
    connection.write(bytesOf(hot({ body: text })));
    expect(JSON.parse((await connection.next()).body)).toEqual({ text, ip: from });
    connection.socket.destroy();
  }
});

test("more beginnings than are remembered are met all the same, and the first of them again", async () => {
  const connection = await openConnection(lane.port);
  for (const number of [...Array(1200).keys(), 0]) {
    const id = `r${number}`;
    connection.write(bytesOf(hot({ headers: [json, ["X-Request-Id", id]], body: `"${number}"` })));
    const answer = await connection.next();
    expect([answer.headers["x-request-id"], JSON.parse(answer.body).text]).toEqual([id, `"${number}"`]);
  }
  connection.socket.destroy();
});

test("leaves the connection for good with the first call that it does not take", async () => {
  const connection = await openConnection(lane.port);
  const ways: (string | undefined)[] = [];
  for (const text of [body, body, '"leave"', body]) {
    connection.write(bytesOf(hot({ body: text })));
    ways.push((await connection.next()).headers["x-way"]);
  }
  expect(ways).toEqual(["lane", "lane", "ordinary", "ordinary"]);
  connection.socket.destroy();
});

test("a call that comes before the last is answered waits for its turn", async () => {
  const connection = await openBothEnds(lane.server, lane.port);
  const { taken, release } = holdBack();
  connection.write(bytesOf(hot({ body: '"first"' })));
  await taken;
  const read = nextRead(connection.far);
  connection.write(Buffer.concat(['"second"', '"leave"', '"last"'].map((text) => bytesOf(hot({ body: text })))));
  await read;
  release();
  const texts: string[] = [];
  while (texts.length < 4) texts.push(JSON.parse((await connection.next()).body).text);
  expect(texts).toEqual(['"first"', '"second"', '"leave"', '"last"']);
  connection.socket.destroy();
});

test("a client that sends no more gets the answer that is under way, and the connection ends with it", async () => {
  const connection = await openBothEnds(lane.server, lane.port);
  const { taken, release } = holdBack();
  connection.write(bytesOf(hot()));
  await taken;
  const ended = once(connection.far, "end");
  connection.socket.end();
  await ended;
  release();
  expect(await connection.next()).toMatchObject({ status: 202, headers: { connection: "close" } });
  await once(connection.socket, "close");
});

test("a connection that brings nothing is closed in time, and a call whose rest does not come is left", async () => {
  const hasty = await listenWithLane({ ...laneOptions, keepAliveTimeoutMs: 20, requestTimeoutMs: 20 });
  const idle = await openConnection(hasty.port);
  await once(idle.socket, "close");
  const slow = await openBothEnds(hasty.server, hasty.port);
  const timeout = new Promise((resolve) => slow.far.once("timeout", resolve));
  slow.write(bytesOf(hot()).subarray(0, -1));
  await timeout;
  slow.write(bytesOf(hot()).subarray(-1));
  expect((await slow.next()).headers["x-way"]).toBe("ordinary");
  slow.socket.destroy();
  hasty.server.close();
});

test("a server that closes ends connections on which nothing is under way", async () => {
  const closing = await listenWithLane();
  const connection = await openConnection(closing.port);
  connection.write(bytesOf(hot()));
  expect((await connection.next()).headers["connection"]).toBe("keep-alive");
  const closed = once(closing.server, "close");
  closing.server.close();
  await closed;
});

test("leaves a call to a server that closes, and closes the connection after one that was under way", async () => {
  const closing = await listenWithLane();
  const { taken, release } = holdBack();
  const connection = await openConnection(closing.port);
  connection.write(bytesOf(hot()));
  await taken;
  const closed = once(closing.server, "close");
  closing.server.close();
  release();
  expect(await connection.next()).toMatchObject({ status: 202, headers: { connection: "close" } });
  await closed;
});

test("a client that hangs up in the middle of its call does no harm", async () => {
  const { taken, release } = holdBack();
  const connection = await openBothEnds(lane.server, lane.port);
  connection.write(bytesOf(hot()));
  await taken;
  // Not `once` of events: it rejects, for the reset is an error to the socket.
  const gone = new Promise((resolve) => connection.far.once("close", resolve));
  connection.socket.resetAndDestroy();
  await gone;
  release();
  resetLane();
  expect((await callRaw(lane.port, hot())).status).toBe(202);
});
