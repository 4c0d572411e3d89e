import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import {
  bothAnswers,
  comparable,
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
  here = await startListening(database.sql);
  await makeExpressWorld(here);
});
afterAll(async () => {
  await here.server.app.close();
  await database.drop();
});

const body = JSON.stringify(event);
const unplain = ["Content-Type", "application/json; charset=utf-8"] as const;

/** The headers of a plain call, with others over them or beside them. */
function headersWith(...more: readonly Header[]): Header[] {
  const names = new Set(more.map(([name]) => name));
  const usual: Header[] = [json, ["Authorization", here.server.auth.authorization]];
  return [...usual.filter(([name]) => !names.has(name)), ...more];
}

async function compare(call: RawCall): Promise<void> {
  const [wire, within] = await bothAnswers(call, here);
  expect(comparable(wire)).toEqual(comparable(within));
}

describe("calls that are plain but for one thing are answered the same over the wire and within the framework", () => {
  test.each<[string, Header]>([
    ["a request id", ["X-Request-Id", "trace-7"]],
    ["a request id that cannot be taken", ["X-Request-Id", "a b"]],
    ["a request id that would split the answer", ["X-Request-Id", "a%0d%0aSet-Cookie:b=1"]],
    ["a request id with a byte beyond ASCII", ["X-Request-Id", "a\u0085b"]],
    ["an idempotency key that is bad", ["Idempotency-Key", "x".repeat(300)]],
    ["an empty idempotency key", ["Idempotency-Key", ""]],
    ["a charset", unplain],
    ["no content type", ["Content-Type", ""]],
    ["a wrong content type", ["Content-Type", "text/csv"]],
    ["a large header", ["X-Large", "x".repeat(8000)]],
    ["zeros before the length", ["Content-Length", `00${body.length}`]],
  ])("%s", async (_, header) => {
    await compare({ url: own, headers: headersWith(header), body });
    const padded = JSON.stringify({ email }).padEnd(body.length);
    await compare({ url: open, headers: headersWith(header), body: padded });
  });

  test.each([
    ["GET", `${own}?limit=0`],
    ["PUT", own],
    ["GET", open],
    ["OPTIONS", open],
    ["POST", `${own}?a=1`],
    ["POST", `${own}/`],
    ["POST", `/${own}`],
    ["POST", `${open}?a=1`],
    ["POST", `${open}/`],
    ["POST", `${own}/%zz`],
  ])("%s %s", async (method, url) => {
    await compare({ method, url, headers: headersWith(), body: method === "GET" ? "" : body });
  });
});

test("an idempotency key is kept, and its second call gets the first answer", async () => {
  const call = { url: own, headers: headersWith(["Idempotency-Key", "k1"]), body };
  const [first, second] = [await callRaw(here.port, call), await callRaw(here.port, call)];
  expect(second.headers["idempotent-replayed"]).toBe("true");
  expect(second.body).toBe(first.body);
});

test("HEAD is refused or answered without a body, as by the framework", async () => {
  const connection = await openConnection(here.port);
  connection.write(bytesOf({ method: "HEAD", url: own, headers: headersWith(["Connection", "close"]) }));
  const [head] = await once(connection.socket, "data");
  const { statusCode } = await here.server.app.inject({ method: "HEAD", url: own, headers: here.server.auth });
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${statusCode} [\\s\\S]*\r\n\r\n$`));
  connection.socket.destroy();
});

test("a body that comes after its head, and one in chunks", async () => {
  const call = { url: own, headers: headersWith(), body };
  const whole = comparable(await callRaw(here.port, call));
  for (const cut of [bytesOf(call).length - body.length, bytesOf(call).length - 10]) {
    const late = await openBothEnds(here.server.app.server, here.port);
    const read = nextRead(late.far);
    late.write(bytesOf(call).subarray(0, cut));
    await read;
    late.write(bytesOf(call).subarray(cut));
    expect(comparable(await late.next())).toEqual(whole);
    late.socket.destroy();
  }
  const chunks = `5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`;
  const headers = headersWith(["Transfer-Encoding", "chunked"]);
  expect(comparable(await callRaw(here.port, { url: own, headers, body: chunks }))).toEqual(whole);
});

test("a client that waits to be told to go on", async () => {
  const call = { url: own, headers: headersWith(["Expect", "100-continue"]), body };
  const connection = await openConnection(here.port);
  const bytes = bytesOf(call);
  connection.write(bytes.subarray(0, bytes.length - body.length));
  expect((await connection.next()).status).toBe(100);
  connection.write(body);
  expect((await connection.next()).status).toBe(202);
  // One that does not wait after all.
  connection.write(bytes);
  expect([(await connection.next()).status, (await connection.next()).status]).toEqual([100, 202]);
  connection.socket.destroy();
});

test.each(["close", "keep-alive", undefined])("HTTP/1.0, with the connection: %s", async (connection) => {
  const more: Header[] = connection === undefined ? [] : [["Connection", connection]];
  const call = { url: own, version: "1.0", body };
  const express = await callRaw(here.port, { ...call, headers: headersWith(...more) });
  const ordinary = await callRaw(here.port, { ...call, headers: headersWith(unplain, ...more) });
  expect(express.status).toBe(202);
  expect(express.headers["connection"]).toBe(ordinary.headers["connection"]);
  expect(comparable(express)).toEqual(comparable(ordinary));
});

test("calls that were sent all at once, plain and not, are answered in their order", async () => {
  const connection = await openConnection(here.port);
  const calls = Array.from({ length: 40 }, (_, index) => {
    const id: Header = ["X-Request-Id", `p${index}`];
    const more = [id, ...(index % 3 === 1 ? [unplain] : [])];
    return bytesOf({ url: own, headers: headersWith(...more), body: index % 5 === 2 ? "{}" : body });
  });
  connection.write(Buffer.concat(calls));
  for (const index of calls.keys()) {
    const answer = await connection.next();
    expect(answer.headers["x-request-id"]).toBe(`p${index}`);
    expect(answer.status).toBe(index % 5 === 2 ? 422 : 202);
  }
  connection.socket.destroy();
});

describe("bytes that could be taken for two calls, or for none, are refused and the connection is closed", () => {
  test.each<[string, Header[]]>([
    [
      "a length and chunks",
      [
        ["Content-Length", "5"],
        ["Transfer-Encoding", "chunked"],
      ],
    ],
    ["chunks that are none", [["Transfer-Encoding", "identity"]]],
    [
      "chunks in disguise",
      [
        ["Transfer-Encoding", "xchunked"],
        ["Content-Length", "5"],
      ],
    ],
    [
      "two lengths",
      [
        ["Content-Length", "5"],
        ["Content-Length", "6"],
      ],
    ],
    ["a length with an exponent", [["Content-Length", "1e1"]]],
    ["a length in hexadecimal", [["Content-Length", "0x10"]]],
    ["a length with a sign", [["Content-Length", "+5"]]],
    ["a length with a fraction", [["Content-Length", "5.0"]]],
    ["a length in a list", [["Content-Length", "5, 5"]]],
    ["a length beyond all numbers", [["Content-Length", "9".repeat(30)]]],
    ["a header with a bare line feed", [["X-A", "1\nContent-Length: 5"]]],
  ])("%s", async (_, more) => {
    const connection = await openConnection(here.port);
    const ends = once(connection.socket, "close");
    const whole = `${body}${bytesOf({ url: own, headers: headersWith(), body }).toString()}`;
    connection.write(bytesOf({ url: own, headers: headersWith(...more), body: whole }));
    expect((await connection.next()).status).toBe(400);
    await ends;
    await expect(connection.next()).rejects.toThrow("closed after: nothing");
  });
});

test.each([1500, 6000])("%i header lines, of which the server looks at no more than 2,000", async (count) => {
  const many = Array.from({ length: count }, (): Header => ["a", ""]);
  await compare({ url: own, headers: headersWith(...many), body });
  const hidden = headersWith(...many, ["Transfer-Encoding", "chunked"], ["Content-Length", "5"]);
  expect((await callRaw(here.port, { url: own, headers: hidden, body })).status).toBe(400);
});

test("more bytes of headers than are taken", async () => {
  const headers = headersWith(["X-Large", "x".repeat(20_000)]);
  expect((await callRaw(here.port, { url: own, headers, body })).status).toBe(431);
});
