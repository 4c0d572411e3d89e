import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { ExpressCall } from "../../doors/door.ts";
import { bytesOf, callRaw, openConnection, type RawCall } from "../../testing/raw-http.ts";
import type { Answered } from "./answered.ts";
import { type ExpressLaneOptions, openExpressLane } from "./express-lane.ts";

const json = ["Content-Type", "application/json"] as const;
const body = '{"a":1}';
const answered: Answered[] = [];
const reported: string[] = [];
let heldBack: (call: ExpressCall) => Promise<void> = async () => undefined;

/** A lane that says what it was given; of bodies that say so, it leaves one to the framework, fails for one, breaks for one. */
const options: ExpressLaneOptions = {
  trustProxy: true,
  bodyLimitBytes: 1_000_000,
  routes: [
    {
      path: "/hot",
      takes: (url) => url === "/hot",
      prepare(call) {
        const text = call.bytes.toString();
        if (text.includes("leave")) return null;
        if (text.includes("throw")) throw new Error("prepared badly");
        return async () => {
          await heldBack(call);
          if (text.includes("fail") || text.includes("break")) throw new Error(text);
          return { status: 202, headers: ["x-way", "lane"], body: { text, ip: call.ip } };
        };
      },
    },
  ],
  refuse: (error, _route, { answerHeaders }) => {
    if (String(error).includes("break")) throw new Error("refused badly");
    return { status: 500, headers: ["x-way", "lane", ...answerHeaders], body: { error: String(error) } };
  },
  report: (error, { id }) => reported.push(`${id} ${error}`),
  onAnswer: (one) => answered.push(one),
};

let server: Server;
let port: number;
let unhandled = 0;
const countUnhandled = () => {
  unhandled += 1;
};

beforeAll(async () => {
  server = await listen(options);
  port = (server.address() as AddressInfo).port;
});
beforeEach(() => {
  answered.length = 0;
  reported.length = 0;
  unhandled = 0;
  heldBack = async () => undefined;
  process.prependListener("unhandledRejection", countUnhandled);
});
afterEach(() => {
  process.off("unhandledRejection", countUnhandled);
  expect(unhandled).toBe(0);
});
afterAll(() => {
  server.close();
});

async function listen(given: ExpressLaneOptions): Promise<Server> {
  const made = createServer((request, response) => void echo(request, response));
  openExpressLane(made, given);
  made.listen(0, "127.0.0.1");
  await once(made, "listening");
  return made;
}

/** Stands for the framework: says what it could read. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = JSON.stringify({ text: Buffer.concat(chunks).toString(), method: request.method, url: request.url });
  response.writeHead(200, { "x-way": "ordinary", "content-length": Buffer.byteLength(text) }).end(text);
}

/** Lets the next calls wait once they are taken. */
function holdBack(): { taken: Promise<void>; release: () => void } {
  let release = () => undefined as unknown;
  const released = new Promise<void>((resolve) => {
    release = () => resolve();
  });
  const taken = new Promise<void>((resolve) => {
    heldBack = () => {
      resolve();
      return released;
    };
  });
  return { taken, release };
}

const hot = (more: Partial<RawCall> = {}): RawCall => ({ url: "/hot", headers: [json], body, ...more });

test("takes a plain call of its route, and tells of it", async () => {
  const answer = await callRaw(port, hot({ headers: [json, ["X-Request-Id", "r1"]] }));
  expect(answer).toMatchObject({ status: 202, headers: { "x-way": "lane", "x-request-id": "r1" } });
  expect(JSON.parse(answer.body)).toEqual({ text: body, ip: "127.0.0.1" });
  expect(answered).toEqual([
    { id: "r1", method: "POST", url: "/hot", route: "/hot", status: 202, ms: expect.any(Number) },
  ]);
});

test("takes a body of any size up to 64 KB that came in one piece", async () => {
  for (const size of [2, 1000, 16_384, 30_000, 60_000]) {
    const text = `"${"x".repeat(size - 2)}"`;
    expect(JSON.parse((await callRaw(port, hot({ body: text }))).body)).toMatchObject({ text });
  }
});

test.each<[string, Partial<RawCall>]>([
  ["another method", { method: "PUT" }],
  ["another path", { url: "/hot/" }],
  ["a query", { url: "/hot?a=1" }],
  ["a whole address", { url: "http://localhost/hot" }],
  ["a charset", { headers: [["Content-Type", "application/json; charset=utf-8"]] }],
  ["another content type", { headers: [["Content-Type", "text/plain"]] }],
  ["no content type", { headers: [] }],
  ["an idempotency key", { headers: [json, ["Idempotency-Key", "k"]] }],
  ["an empty idempotency key", { headers: [json, ["Idempotency-Key", ""]] }],
  ["no body", { body: "" }],
  ["a body beyond 64 KB", { body: `"${"x".repeat(70_000)}"` }],
  ["a body that the route leaves", { body: '"leave"' }],
  ["a large body that the route leaves", { body: `"leave${"x".repeat(40_000)}"` }],
])("leaves to the framework, untouched: %s", async (_, more) => {
  const call = hot(more);
  const answer = await callRaw(port, call);
  expect(answer.headers["x-way"]).toBe("ordinary");
  expect(JSON.parse(answer.body)).toEqual({ text: call.body, method: call.method ?? "POST", url: call.url });
  expect(answered).toEqual([]);
});

test("leaves chunks, and bodies that come after their head, wherever they are cut", async () => {
  const chunks = `7\r\n${body}\r\n0\r\n\r\n`;
  const chunked = await callRaw(port, hot({ headers: [json, ["Transfer-Encoding", "chunked"]], body: chunks }));
  expect(chunked.headers["x-way"]).toBe("ordinary");
  const bytes = bytesOf(hot());
  for (let cut = bytes.length - body.length; cut < bytes.length; cut += 1) {
    const connection = await openConnection(port);
    const arrives = once(server, "request");
    connection.write(bytes.subarray(0, cut));
    await arrives;
    connection.write(bytes.subarray(cut));
    const answer = await connection.next();
    expect(answer.headers["x-way"]).toBe("ordinary");
    expect(JSON.parse(answer.body).text).toBe(body);
    connection.socket.destroy();
  }
});

test("keeps to a limit of bodies that is smaller than its own", async () => {
  const small = await listen({ ...options, bodyLimitBytes: body.length - 1 });
  const answer = await callRaw((small.address() as AddressInfo).port, hot());
  expect(answer.headers["x-way"]).toBe("ordinary");
  small.close();
});

test("leaves a call to a server that closes, and closes the connection after one that was under way", async () => {
  const closing = await listen(options);
  const { taken, release } = holdBack();
  const connection = await openConnection((closing.address() as AddressInfo).port);
  connection.write(bytesOf(hot()));
  await taken;
  const closed = once(closing, "close");
  closing.close();
  release();
  expect(await connection.next()).toMatchObject({ status: 202, headers: { connection: "close" } });
  await closed;
});

test("a route that fails, also before it begins, is refused in its words", async () => {
  const failed = await callRaw(port, hot({ body: '"fail"' }));
  expect(failed).toMatchObject({ status: 500, body: '{"error":"Error: \\"fail\\""}' });
  const thrown = await callRaw(port, hot({ body: '"throw"' }));
  expect(thrown).toMatchObject({ status: 500, body: '{"error":"Error: prepared badly"}' });
  expect(answered.map(({ status }) => status)).toEqual([500, 500]);
});

test("an answer that cannot be made is reported, and the connection closed: the server goes on", async () => {
  await expect(callRaw(port, hot({ body: '"break"', headers: [json, ["X-Request-Id", "r2"]] }))).rejects.toThrow(
    "closed after: nothing",
  );
  expect(reported).toEqual(["r2 Error: refused badly"]);
  expect((await callRaw(port, hot())).status).toBe(202);
});

test("a client that hangs up in the middle of its call does no harm", async () => {
  const { taken, release } = holdBack();
  const connection = await openConnection(port);
  const arrives = once(server, "request");
  connection.write(bytesOf(hot()));
  const [{ socket }] = await arrives;
  await taken;
  // Not `once` of events: it rejects, for the reset is an error to the socket.
  const gone = new Promise((resolve) => socket.once("close", resolve));
  connection.socket.resetAndDestroy();
  await gone;
  release();
  heldBack = async () => undefined;
  expect((await callRaw(port, hot())).status).toBe(202);
});

test.each<[string, string | undefined]>([
  ["1.2.3.4", "1.2.3.4"],
  ["1.2.3.4, 5.6.7.8", "1.2.3.4"],
  ["2001:db8::1,1.2.3.4", "2001:db8::1"],
  ["", undefined],
  [" , 1.2.3.4", undefined],
  ["garbage", undefined],
  ["1.2.3.4 5", undefined],
  ["[::1]:80", undefined],
])(
  "of the address %j that a proxy gave, %s is taken, and what is not plain left to the framework",
  async (given, ip) => {
    const answer = await callRaw(port, hot({ headers: [json, ["X-Forwarded-For", given]] }));
    expect(answer.headers["x-way"]).toBe(ip === undefined ? "ordinary" : "lane");
    if (ip !== undefined) expect(JSON.parse(answer.body).ip).toBe(ip);
  },
);
