import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** A header as it is written: name and value. */
export type Header = readonly [name: string, value: string];

export type RawAnswer = { status: number; headers: Record<string, string>; body: string };
export type RawCall = {
  method?: string;
  url: string;
  version?: string;
  /** Lines of their own, in this order; Host and Content-Length are added where they are missing. */
  headers?: readonly Header[];
  body?: string | Buffer;
};

export type RawConnection = {
  socket: Socket;
  /** Writes bytes as they are, in one piece. */
  write(bytes: string | Buffer): void;
  /** The next answer; rejects when the other side closes before it is whole. */
  next(): Promise<RawAnswer>;
};

/** Lets a server listen on loopback, and says where. */
export async function listenOn(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
}

/** A connection, and the server's end of it. */
export async function openBothEnds(server: Server, port: number): Promise<RawConnection & { far: Socket }> {
  const accepted = once(server, "connection");
  const connection = await openConnection(port);
  const [far] = await accepted;
  return { ...connection, far };
}

/** Resolves when the server has read what comes next, and begun with it. */
export const nextRead = (far: Socket) => new Promise((resolve) => far.once("data", resolve));

/** A connection of a client that sends what it is told, right or wrong. `from`: its own address, one of loopback. */
export async function openConnection(port: number, from = "127.0.0.1"): Promise<RawConnection> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from, noDelay: true });
  await once(socket, "connect");
  let received = "";
  let isOver = false;
  let tell = () => undefined as unknown;
  socket.setEncoding("latin1");
  socket.on("data", (part) => {
    received += part;
    tell();
  });
  // What was received until then is what counts.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    isOver = true;
    tell();
  });
  async function next(): Promise<RawAnswer> {
    for (;;) {
      const found = readAnswer(received);
      if (found) {
        received = received.slice(found.length);
        return found.answer;
      }
      if (isOver) throw new Error(`The connection was closed after: ${received || "nothing"}`);
      await new Promise((resolve) => {
        tell = () => resolve(undefined);
      });
    }
  }
  return { socket, next, write: (bytes) => void socket.write(bytes) };
}

/** One call on a connection of its own, in one piece. */
export async function callRaw(port: number, call: RawCall): Promise<RawAnswer> {
  const connection = await openConnection(port);
  connection.write(bytesOf(call));
  const answer = await connection.next();
  connection.socket.destroy();
  return answer;
}

/** The bytes of a call. */
export function bytesOf({ method = "POST", url, version = "1.1", headers = [], body = "" }: RawCall): Buffer {
  const bytes = Buffer.from(body);
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const own = [
    ["Host", "localhost"],
    ...(names.has("transfer-encoding") ? [] : [["Content-Length", String(bytes.length)]]),
  ].filter(([name = ""]) => !names.has(name.toLowerCase()));
  const lines = [...own, ...headers].map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${url} HTTP/${version}\r\n${lines.join("")}\r\n`, "latin1"), bytes]);
}

function readAnswer(received: string): { answer: RawAnswer; length: number } | null {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [first = "", ...lines] = received.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const status = Number(first.split(" ", 2)[1]);
  // A message of its own, before the answer to the call.
  const isInterim = status === 100;
  const length = end + 4 + (isInterim ? 0 : Number(headers["content-length"] ?? 0));
  if (received.length < length) return null;
  const body = Buffer.from(received.slice(end + 4, length), "latin1").toString("utf8");
  return { answer: { status, headers, body }, length };
}
