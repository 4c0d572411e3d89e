import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { ExpressAnswer, ExpressCall, ExpressRoute } from "../../doors/door.ts";
import type { Answered } from "./answered.ts";
import { requestIdOf } from "./request-id.ts";

export type ExpressLaneOptions = {
  routes: readonly ExpressRoute[];
  trustProxy: boolean;
  bodyLimitBytes: number;
  /** Any error as an answer of the route, reported when it is ours. */
  refuse: (error: unknown, route: ExpressRoute, call: ExpressCall) => ExpressAnswer;
  /** Told of a call that could not be answered at all. */
  report: (error: unknown, call: ExpressCall) => void;
  onAnswer: (answered: Answered) => void;
};

/** Larger bodies come rarely, and not in one piece. */
const maxLaneBytes = 65_536;

/**
 * Opens a short way for calls that come by the thousand: what the framework does for every request (hooks, parsers, streams) takes longer
 * than all we do for one event. It takes only plain calls, whose whole JSON body came together with their head; every other one goes to the
 * framework untouched. Both ways give the same answers: the routes share their code, and a test compares them.
 */
export function openExpressLane(server: Server, options: ExpressLaneOptions): void {
  const [ordinary] = server.listeners("request") as RequestListener[];
  if (!ordinary) throw new Error("The server has no listener yet.");
  server.removeAllListeners("request");
  const maxBytes = Math.min(maxLaneBytes, options.bodyLimitBytes);
  server.on("request", (request, response) => {
    // A server that closes has more to say than an answer.
    const isTaken = server.listening && isPlain(request, maxBytes);
    const route = isTaken ? options.routes.find(({ takes }) => takes(request.url ?? "")) : undefined;
    const ip = route && addressOf(request, options.trustProxy);
    if (route === undefined || ip === undefined) ordinary(request, response);
    // By then the bytes that came with the head are there.
    else process.nextTick(takeUp, { request, response, route, ip, options, ordinary, server });
  });
}

type Taken = {
  request: IncomingMessage;
  response: ServerResponse;
  route: ExpressRoute;
  ip: string;
  options: ExpressLaneOptions;
  ordinary: RequestListener;
  server: Server;
};

function isPlain({ method, headers }: IncomingMessage, maxBytes: number): boolean {
  if (method !== "POST" || headers["content-type"] !== "application/json") return false;
  const length = Number(headers["content-length"]);
  return length > 0 && length <= maxBytes && headers["idempotency-key"] === undefined;
}

function takeUp(taken: Taken): void {
  const { request, response, route, ip, options, ordinary } = taken;
  const isThere = request.readableLength === Number(request.headers["content-length"]);
  const bytes = isThere ? (request.read() as Buffer | null) : null;
  if (bytes === null) {
    ordinary(request, response);
    return;
  }
  const { headers, url = "" } = request;
  const call = { id: requestIdOf(request), method: "POST", url, headers, ip, bytes, answerHeaders: [] };
  const prepared = prepare(route, call);
  if (prepared === null) {
    request.unshift(bytes);
    ordinary(request, response);
    return;
  }
  answer(taken, call, prepared).catch((error: unknown) => {
    options.report(error, call);
    response.destroy();
  });
}

type Prepared = ReturnType<ExpressRoute["prepare"]>;

/** What a route throws is refused like what it rejects with: out here it would end the process. */
function prepare(route: ExpressRoute, call: ExpressCall): Prepared {
  try {
    return route.prepare(call);
  } catch (error) {
    return () => Promise.reject(error);
  }
}

async function answer(
  { response, route, options, server }: Taken,
  call: ExpressCall,
  prepared: NonNullable<Prepared>,
): Promise<void> {
  const startedAt = performance.now();
  const { id, method, url } = call;
  const given = await prepared().catch((error: unknown) => options.refuse(error, route, call));
  // Else the connection would hold up the end of a server that closes.
  if (!server.listening) response.shouldKeepAlive = false;
  send(response, call, given);
  options.onAnswer({ id, method, url, route: route.path, status: given.status, ms: performance.now() - startedAt });
}

function send(
  response: ServerResponse,
  { id, answerHeaders }: ExpressCall,
  { status, headers, body }: ExpressAnswer,
): void {
  const text = JSON.stringify(body);
  const own = [
    "x-request-id",
    id,
    "x-content-type-options",
    "nosniff",
    "content-length",
    String(Buffer.byteLength(text)),
  ];
  response.writeHead(status, [...own, ...answerHeaders, ...headers]);
  response.end(text);
}

const plainAddress = /^[\da-f.:]+(?=,|$)/i;

/** The address of the sender, the same as the framework says; undefined where a proxy wrote something that has to be taken apart. */
function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string | undefined {
  const forwarded = trustProxy ? headers["x-forwarded-for"] : undefined;
  if (forwarded === undefined) return socket.remoteAddress ?? "";
  return plainAddress.exec(String(forwarded))?.[0];
}
