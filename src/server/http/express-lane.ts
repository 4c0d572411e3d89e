import type { IncomingHttpHeaders, Server } from "node:http";
import type { Socket } from "node:net";
import type { ExpressAnswer, ExpressCall, ExpressPrepare, ExpressRoute } from "../../doors/door.ts";
import { createRecent, type Recent } from "../../operations/recent.ts";
import type { Answered } from "./answered.ts";
import { type AnswerText, answerText } from "./express-answer.ts";
import { type PlainCall, type PlainHead, readPlainCall } from "./plain-call.ts";
import { requestIdOf } from "./request-id.ts";

export type ExpressLaneOptions = {
  routes: readonly ExpressRoute[];
  trustProxy: boolean;
  bodyLimitBytes: number;
  /** How long a connection without a call is kept, and how long the rest of a call is waited for. */
  keepAliveTimeoutMs: number;
  requestTimeoutMs: number;
  /** Any error as an answer of the route, reported when it is ours. */
  refuse: (error: unknown, route: ExpressRoute, call: ExpressCall) => ExpressAnswer;
  /** Told of a call that could not be answered at all. */
  report: (error: unknown, call: ExpressCall) => void;
  onAnswer: (answered: Answered) => void;
};

type Lane = {
  options: ExpressLaneOptions;
  server: Server;
  /** What Node does with a new connection. */
  ordinary: (socket: Socket) => void;
  guests: Set<Guest>;
  /** How calls of all connections began, by the text of the head: clients send few different ones, and what they come to is not found out again. */
  beginnings: Recent<Beginning>;
};

/** Up to twice as many are kept. Measured full: 1 MB of usual heads, 15 MB of the largest. */
const maxBeginnings = 500;

/** A connection is kept so much longer than clients are told: one that comes in the last moment is not turned away. */
const graceMs = 1000;

/** A connection that has brought nothing but plain calls until now. `held`: the beginning of the next one. */
type Guest = {
  socket: Socket;
  held: Buffer | null;
  isBusy: boolean;
  hasEnded: boolean;
  listeners: readonly (readonly [event: string, listener: (chunk: Buffer) => void])[];
};

/** A head, and the route that takes such calls. */
type Beginning = { head: PlainHead; route: ExpressRoute; prepare: ExpressPrepare };

/**
 * Opens a short way for calls that come by the thousand: what is done for every request by the framework (hooks, parsers) and by Node (a
 * message, a response and their streams) takes longer than all we do for one event. A connection stays on it as long as all that it brings are
 * plain calls of these routes; with the first bytes that are anything else it goes to Node's own server for good, those bytes and all. Both ways
 * give the same answers: the routes share their code, and a test compares them.
 */
export function openExpressLane(server: Server, options: ExpressLaneOptions): void {
  const [ordinary] = server.listeners("connection") as Lane["ordinary"][];
  if (!ordinary) throw new Error("The server has no listener yet.");
  const lane: Lane = { options, server, ordinary, guests: new Set(), beginnings: createRecent(maxBeginnings) };
  server.off("connection", ordinary);
  server.on("connection", (socket: Socket) => enter(lane, socket));
  // Called whenever a server closes.
  const closeOrdinary = server.closeIdleConnections.bind(server);
  server.closeIdleConnections = () => {
    for (const guest of lane.guests) if (!guest.isBusy) guest.socket.destroy();
    closeOrdinary();
  };
  const closeAllOrdinary = server.closeAllConnections.bind(server);
  server.closeAllConnections = () => {
    for (const { socket } of lane.guests) socket.destroy();
    closeAllOrdinary();
  };
}

function enter(lane: Lane, socket: Socket): void {
  const guest: Guest = { socket, held: null, isBusy: false, hasEnded: false, listeners: [] };
  guest.listeners = [
    ["data", (chunk) => take(lane, guest, chunk)],
    ["end", () => end(guest)],
    ["timeout", () => giveUp(lane, guest)],
    ["error", () => socket.destroy()],
    ["close", () => lane.guests.delete(guest)],
  ];
  lane.guests.add(guest);
  socket.setTimeout(lane.options.keepAliveTimeoutMs + graceMs);
  for (const [event, listener] of guest.listeners) socket.on(event, listener);
}

/** The connection and what it brought are Node's from here on. */
function leave(lane: Lane, guest: Guest, bytes: Buffer): void {
  const { socket } = guest;
  lane.guests.delete(guest);
  for (const [event, listener] of guest.listeners) socket.off(event, listener);
  socket.setTimeout(0);
  lane.ordinary.call(lane.server, socket);
  // Node would else read past the stream, which then reads on, unasked, from a connection that Node has paused.
  socket.on("data", () => undefined);
  socket.unshift(bytes);
}

function take(lane: Lane, guest: Guest, chunk: Buffer): void {
  const { socket, held } = guest;
  if (guest.isBusy) {
    // One call at a time: the next waits, and whoever sends it.
    socket.pause();
    socket.unshift(chunk);
    return;
  }
  const bytes = held ? Buffer.concat([held, chunk]) : chunk;
  // A server that closes has more to say than an answer; whoever does not read answers has to wait until he does.
  const isOpen = lane.server.listening && socket.writableLength === 0;
  const call = isOpen ? readPlainCall(bytes, (text) => lane.beginnings.find(text)?.head) : null;
  if (call === "incomplete" && !held) {
    guest.held = bytes;
    socket.setTimeout(lane.options.requestTimeoutMs);
    return;
  }
  const begun = call === null || call === "incomplete" ? null : begin(lane, guest, call);
  if (begun === null) leave(lane, guest, bytes);
  else answer(lane, guest, begun);
}

type Begun = { call: ExpressCall; route: ExpressRoute; make: () => Promise<ExpressAnswer> };

function begin(lane: Lane, { socket }: Guest, { head, bytes }: PlainCall): Begun | null {
  const { trustProxy, bodyLimitBytes } = lane.options;
  const beginning = lane.beginnings.find(head.text) ?? beginningOf(lane, head);
  const { url, headers } = head;
  const ip = addressOf({ headers, socket }, trustProxy);
  if (beginning === null || ip === null || bytes.length > bodyLimitBytes) return null;
  const { route, prepare } = beginning;
  const call = { id: requestIdOf({ headers }), method: "POST", url, headers, ip, bytes, answerHeaders: [] };
  const make = prepared(prepare, call);
  return make && { call, route, make };
}

function beginningOf({ options, beginnings }: Lane, head: PlainHead): Beginning | null {
  for (const route of options.routes) {
    const prepare = route.at(head.url);
    if (prepare === null) continue;
    const beginning = { head, route, prepare };
    beginnings.keep(head.text, beginning);
    return beginning;
  }
  return null;
}

/** What a route throws is refused like what it rejects with: out here it would end the process. */
function prepared(prepare: ExpressPrepare, call: ExpressCall): Begun["make"] | null {
  try {
    return prepare(call);
  } catch (error) {
    return () => Promise.reject(error);
  }
}

function answer(lane: Lane, guest: Guest, begun: Begun): void {
  const { socket, held } = guest;
  guest.isBusy = true;
  guest.held = null;
  if (held) socket.setTimeout(lane.options.keepAliveTimeoutMs + graceMs);
  send(lane, guest, begun).catch((error: unknown) => {
    lane.options.report(error, begun.call);
    socket.destroy();
  });
}

async function send({ options, server }: Lane, guest: Guest, { call, route, make }: Begun): Promise<void> {
  const { socket } = guest;
  const startedAt = performance.now();
  let given: ExpressAnswer;
  try {
    given = await make();
  } catch (error) {
    given = options.refuse(error, route, call);
  }
  // Else the connection would hold up the end of a server that closes.
  const isLast = guest.hasEnded || !server.listening;
  const written = answerText(call, given, { isLast, keepAliveSeconds: Math.floor(options.keepAliveTimeoutMs / 1000) });
  const { id, method, url } = call;
  if (isLast) endWith(socket, written);
  else if (!socket.destroyed) socket.write(written.text, written.encoding);
  options.onAnswer({ id, method, url, route: route.path, status: given.status, ms: performance.now() - startedAt });
  guest.isBusy = false;
  if (!isLast && socket.isPaused()) socket.resume();
}

/** As Node ends a connection: what the client sends, or whether it ends its side, matters no more. */
function endWith(socket: Socket, { text, encoding }: AnswerText): void {
  if (socket.destroyed) return;
  socket.end(text, encoding);
  socket.pause();
  socket.destroySoon();
}

/** The client sends no more; it still gets the answer that is under way. */
function end(guest: Guest): void {
  guest.hasEnded = true;
  if (!guest.isBusy) guest.socket.end();
}

function giveUp(lane: Lane, guest: Guest): void {
  if (guest.isBusy) return;
  if (guest.held) leave(lane, guest, guest.held);
  else guest.socket.destroy();
}

const plainAddress = /^[\da-f.:]+(?=,|$)/i;

/** The address of the sender, the same as the framework says; null where a proxy wrote something that has to be taken apart. */
function addressOf(
  { headers, socket }: { headers: IncomingHttpHeaders; socket: Socket },
  trustProxy: boolean,
): string | null {
  const forwarded = trustProxy ? headers["x-forwarded-for"] : undefined;
  if (forwarded === undefined) return socket.remoteAddress ?? "";
  return plainAddress.exec(String(forwarded))?.[0] ?? null;
}
