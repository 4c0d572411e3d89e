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
    if (route === undefined) ordinary(request, response);
    // By then the bytes that came with the head are there.
    else process.nextTick(takeUp, { request, response, route, options, ordinary });
  });
}

type Taken = {
  request: IncomingMessage;
  response: ServerResponse;
  route: ExpressRoute;
  options: ExpressLaneOptions;
  ordinary: RequestListener;
};

function isPlain({ method, headers }: IncomingMessage, maxBytes: number): boolean {
  if (method !== "POST" || headers["content-type"] !== "application/json") return false;
  const length = Number(headers["content-length"]);
  return length > 0 && length <= maxBytes && headers["idempotency-key"] === undefined;
}

function takeUp(taken: Taken): void {
  const { request, response, ordinary } = taken;
  const isThere = request.readableLength === Number(request.headers["content-length"]);
  const bytes = isThere ? (request.read() as Buffer | null) : null;
  if (bytes === null) {
    ordinary(request, response);
    return;
  }
  const { headers, url = "" } = request;
  const ip = addressOf(request, taken.options.trustProxy);
  const call = { id: requestIdOf(request), method: "POST", url, headers, ip, bytes, answerHeaders: [] };
  const prepared = taken.route.prepare(call);
  if (prepared) {
    void answer(taken, call, prepared);
    return;
  }
  request.unshift(bytes);
  ordinary(request, response);
}

async function answer(
  { response, route, options }: Taken,
  call: ExpressCall,
  prepared: () => Promise<ExpressAnswer>,
): Promise<void> {
  const startedAt = performance.now();
  const { id, method, url } = call;
  const given = await prepared().catch((error: unknown) => options.refuse(error, route, call));
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

/** The same as the framework takes for the address of the sender. */
function addressOf({ headers, socket }: IncomingMessage, trustProxy: boolean): string {
  const forwarded = trustProxy ? headers["x-forwarded-for"] : undefined;
  const first = typeof forwarded === "string" ? forwarded.split(",", 1)[0]?.trim() : undefined;
  return first || (socket.remoteAddress ?? "");
}
