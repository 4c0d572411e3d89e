import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { ExpressCall, ExpressPrepare } from "../doors/door.ts";
import type { Answered } from "../server/http/answered.ts";
import { type ExpressLaneOptions, openExpressLane } from "../server/http/express-lane.ts";
import type { RawCall } from "./raw-http.ts";

export const json = ["Content-Type", "application/json"] as const;
export const body = '{"a":1}';
export const answered: Answered[] = [];
export const reported: string[] = [];
let heldBack: (call: ExpressCall) => Promise<void> = async () => undefined;

const prepareHot: ExpressPrepare = (call) => {
  const text = call.bytes.toString();
  if (text.includes("leave")) return null;
  if (text.includes("throw")) throw new Error("prepared badly");
  return async () => {
    await heldBack(call);
    if (text.includes("fail") || text.includes("break")) throw new Error(text);
    return { status: 202, headers: ["x-way", "lane"], body: { text, ip: call.ip } };
  };
};

/** A lane that says what it was given; of bodies that say so, it leaves one to the framework, fails for one, breaks for one. */
export const laneOptions: ExpressLaneOptions = {
  trustProxy: true,
  bodyLimitBytes: 1_000_000,
  keepAliveTimeoutMs: 72_000,
  requestTimeoutMs: 30_000,
  routes: [
    {
      path: "/hot",
      at: (url) => (url === "/hot" ? prepareHot : null),
    },
  ],
  refuse: (error, _route, { answerHeaders }) => {
    if (String(error).includes("break")) throw new Error("refused badly");
    return { status: 500, headers: ["x-way", "lane", ...answerHeaders], body: { error: String(error) } };
  },
  report: (error, { id }) => reported.push(`${id} ${error}`),
  onAnswer: (one) => answered.push(one),
};

/** Forgets what was told, and holds nothing back. */
export function resetLane(): void {
  answered.length = 0;
  reported.length = 0;
  heldBack = async () => undefined;
}

/** A server with a lane, and its port; what the lane leaves is echoed, unless it has another listener. */
export async function listenWithLane(
  given: ExpressLaneOptions = laneOptions,
  ordinary: RequestListener = (request, response) => void echo(request, response),
): Promise<{ server: Server; port: number }> {
  const server = createServer(ordinary);
  openExpressLane(server, given);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** One such server for all tests of a file, set back before each; a test after which a rejection was left unhandled fails. */
export function useLane(): { server: Server; port: number } {
  const lane = {} as { server: Server; port: number };
  let unhandled = 0;
  const countUnhandled = () => {
    unhandled += 1;
  };
  beforeAll(async () => {
    Object.assign(lane, await listenWithLane());
  });
  beforeEach(() => {
    resetLane();
    unhandled = 0;
    process.prependListener("unhandledRejection", countUnhandled);
  });
  afterEach(() => {
    process.off("unhandledRejection", countUnhandled);
    expect(unhandled).toBe(0);
  });
  afterAll(() => {
    lane.server.close();
  });
  return lane;
}

/** Stands for the framework: says what it could read. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = JSON.stringify({ text: Buffer.concat(chunks).toString(), method: request.method, url: request.url });
  response.writeHead(200, { "x-way": "ordinary", "content-length": Buffer.byteLength(text) }).end(text);
}

/** Lets the next calls wait once they are taken. */
export function holdBack(): { taken: Promise<void>; release: () => void } {
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

export const hot = (more: Partial<RawCall> = {}): RawCall => ({ url: "/hot", headers: [json], body, ...more });
