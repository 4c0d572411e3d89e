import { expect, test } from "vitest";
import { answered, body, hot, json, laneOptions, listenWithLane, reported, useLane } from "../../testing/bare-lane.ts";
import { callRaw, type RawCall } from "../../testing/raw-http.ts";

const lane = useLane();

test("takes a plain call of its route, and tells of it", async () => {
  const answer = await callRaw(lane.port, hot({ headers: [json, ["X-Request-Id", "r1"]] }));
  expect(answer).toMatchObject({ status: 202, headers: { "x-way": "lane", "x-request-id": "r1" } });
  expect(JSON.parse(answer.body)).toEqual({ text: body, ip: "127.0.0.1" });
  expect(answered).toEqual([
    { id: "r1", method: "POST", url: "/hot", route: "/hot", status: 202, ms: expect.any(Number) },
  ]);
});

test.each(["plain", "ünd €", "日本語 🎈", "\u0000\u001f", "\ud800"])("gives back %j in its answer", async (word) => {
  const text = JSON.stringify(word);
  const answer = await callRaw(lane.port, hot({ body: text }));
  expect(Number(answer.headers["content-length"])).toBe(Buffer.byteLength(answer.body));
  expect(JSON.parse(answer.body)).toMatchObject({ text });
});

test("takes a body of any size up to 64 KB that came in one piece", async () => {
  for (const size of [2, 1000, 16_384, 30_000, 60_000]) {
    const text = `"${"x".repeat(size - 2)}"`;
    expect(JSON.parse((await callRaw(lane.port, hot({ body: text }))).body)).toMatchObject({ text });
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
  const answer = await callRaw(lane.port, call);
  expect(answer.headers["x-way"]).toBe("ordinary");
  expect(JSON.parse(answer.body)).toEqual({ text: call.body, method: call.method ?? "POST", url: call.url });
  expect(answered).toEqual([]);
});

test("leaves chunks", async () => {
  const chunks = `7\r\n${body}\r\n0\r\n\r\n`;
  const chunked = await callRaw(lane.port, hot({ headers: [json, ["Transfer-Encoding", "chunked"]], body: chunks }));
  expect(chunked.headers["x-way"]).toBe("ordinary");
});

test("keeps to a limit of bodies that is smaller than its own", async () => {
  const small = await listenWithLane({ ...laneOptions, bodyLimitBytes: body.length - 1 });
  const answer = await callRaw(small.port, hot());
  expect(answer.headers["x-way"]).toBe("ordinary");
  small.server.close();
});

test("a route that fails, also before it begins, is refused in its words", async () => {
  const failed = await callRaw(lane.port, hot({ body: '"fail"' }));
  expect(failed).toMatchObject({ status: 500, body: '{"error":"Error: \\"fail\\""}' });
  const thrown = await callRaw(lane.port, hot({ body: '"throw"' }));
  expect(thrown).toMatchObject({ status: 500, body: '{"error":"Error: prepared badly"}' });
  expect(answered.map(({ status }) => status)).toEqual([500, 500]);
});

test("an answer that cannot be made is reported, and the connection closed: the server goes on", async () => {
  await expect(callRaw(lane.port, hot({ body: '"break"', headers: [json, ["X-Request-Id", "r2"]] }))).rejects.toThrow(
    "closed after: nothing",
  );
  expect(reported).toEqual(["r2 Error: refused badly"]);
  expect((await callRaw(lane.port, hot())).status).toBe(202);
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
    const answer = await callRaw(lane.port, hot({ headers: [json, ["X-Forwarded-For", given]] }));
    expect(answer.headers["x-way"]).toBe(ip === undefined ? "ordinary" : "lane");
    if (ip !== undefined) expect(JSON.parse(answer.body).ip).toBe(ip);
  },
);
