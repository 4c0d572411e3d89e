import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

/** What a mail is known by: its Message-ID, its To header, and the key header when it has one. */
export type SunkMail = { messageId: string; to: string; key: string | null };

export type SinkCounts = { accepted: number; duplicates: number; connections: number };

export type FastSmtpSink = { port: number; url: string; counts(): SinkCounts; close(): Promise<void> };

type Options = { port?: number; host?: string; onAccepted?: (mail: SunkMail) => void };
type Client = { socket: Socket; pending: Buffer; isInData: boolean };

const extensions = "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 52428800\r\n";
const headerEnd = "\r\n\r\n";

/**
 * An SMTP server that does as little as it can, for benchmarks and crash tests: takes every mail, counts it, and reports it
 * before the 250 goes out. A duplicate is a Message-ID that was there before. Takes more than 5,000 mails of 5 KB a second.
 */
export async function startFastSmtpSink({
  port = 0,
  host = "127.0.0.1",
  onAccepted,
}: Options = {}): Promise<FastSmtpSink> {
  const seen = new Set<string>();
  const sockets = new Set<Socket>();
  const counts: SinkCounts = { accepted: 0, duplicates: 0, connections: 0 };
  const accept = (raw: Buffer) => {
    const mail = identify(raw);
    counts.accepted += 1;
    if (seen.has(mail.messageId)) counts.duplicates += 1;
    seen.add(mail.messageId);
    onAccepted?.(mail);
  };
  const server = createServer({ noDelay: true }, (socket) => {
    counts.connections += 1;
    sockets.add(socket);
    const client: Client = { socket, pending: Buffer.alloc(0), isInData: false };
    socket.on("data", (chunk) => take(client, chunk, accept));
    // A client that is killed resets its connections; that is what these tests do.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.write("220 sink ready\r\n");
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const bound = (server.address() as AddressInfo).port;
  return { port: bound, url: `smtp://${host}:${bound}`, counts: () => ({ ...counts }), close: () => close() };

  function close(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  }
}

function take(client: Client, chunk: Buffer, accept: (raw: Buffer) => void): void {
  client.pending = client.pending.length === 0 ? chunk : Buffer.concat([client.pending, chunk]);
  let answers = "";
  for (let answer = step(client, accept); answer !== null; answer = step(client, accept)) answers += answer;
  if (answers !== "") client.socket.write(answers);
}

/** The answer to the next whole command or mail in what has come in, or null when there is none. */
function step(client: Client, accept: (raw: Buffer) => void): string | null {
  const { pending } = client;
  const end = pending.indexOf(client.isInData ? "\r\n.\r\n" : "\r\n");
  if (end < 0) return null;
  client.pending = pending.subarray(end + (client.isInData ? 5 : 2));
  if (client.isInData) {
    client.isInData = false;
    accept(pending.subarray(0, end));
    return "250 2.0.0 ok\r\n";
  }
  return answer(client, pending.toString("latin1", 0, Math.min(end, 4)).toUpperCase());
}

function answer(client: Client, command: string): string {
  if (command === "EHLO") return extensions;
  if (command === "DATA") {
    client.isInData = true;
    return "354 go on\r\n";
  }
  if (command !== "QUIT") return "250 2.0.0 ok\r\n";
  client.socket.end("221 2.0.0 bye\r\n");
  return "";
}

function identify(raw: Buffer): SunkMail {
  const end = raw.indexOf(headerEnd);
  const head = `\r\n${raw.toString("latin1", 0, end < 0 ? raw.length : end)}\r\n`;
  return {
    messageId: header(head, "message-id") ?? "",
    to: header(head, "to") ?? "",
    key: header(head, "x-staffetta-key"),
  };
}

function header(head: string, name: string): string | null {
  return new RegExp(`\\r\\n${name}: *((?:[^\\r]|\\r\\n[ \\t])*)\\r\\n`, "i").exec(head)?.[1] ?? null;
}
