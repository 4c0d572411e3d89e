import type { Socket } from "node:net";
import { classifyNetworkError } from "../classify.ts";
import { SmtpFailure } from "./failure.ts";
import { type FullReply, ReplyParser } from "./reply-parser.ts";

type Reader = { resolve(reply: FullReply): void; reject(failure: SmtpFailure): void; timer: NodeJS.Timeout };

/** The two directions of one SMTP connection: commands out, whole replies in, in order. */
export class Wire {
  /** Called once when the connection ends, and for anything a server says unasked. */
  onDisturbed: (() => void) | undefined;
  failure: SmtpFailure | undefined;
  private socket: Socket;
  private parser = new ReplyParser();
  private replies: FullReply[] = [];
  private reader: Reader | undefined;
  private readonly host: string;

  constructor(socket: Socket, host: string) {
    this.socket = socket;
    this.host = host;
    this.listen(socket);
  }

  /** Sends text or bytes; `onFlushed` is called once all of it is in the hands of the operating system, and never otherwise. */
  write(data: string | Buffer | Buffer[], onFlushed?: () => void): void {
    if (this.failure) return;
    const done = onFlushed && ((error?: Error | null) => (error ? undefined : onFlushed()));
    if (!Array.isArray(data)) {
      this.socket.write(data, done);
      return;
    }
    this.socket.cork();
    for (const piece of data.slice(0, -1)) this.socket.write(piece);
    this.socket.write(data.at(-1) ?? "", done);
    this.socket.uncork();
  }

  /** The next reply. Rejects with an SmtpFailure when the connection ends or `timeoutMs` pass first. */
  read(timeoutMs: number, what: string): Promise<FullReply> {
    const reply = this.replies.shift();
    if (reply) return Promise.resolve(reply);
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          this.fail(new SmtpFailure("timeout", `${this.host} did not answer ${what} within ${timeoutMs / 1000} s.`)),
        timeoutMs,
      );
      this.reader = { resolve, reject, timer };
    });
  }

  /** True when the server has said something that nobody asked for. */
  get hasUnread(): boolean {
    return this.replies.length > 0 || this.parser.isMidReply;
  }

  /** Gives the socket away, to be wrapped in TLS. */
  detach(): Socket {
    for (const event of ["data", "error", "close"]) this.socket.removeAllListeners(event);
    return this.socket;
  }

  /** Goes on over `socket`, the TLS side of the one that was detached. */
  attach(socket: Socket): void {
    this.socket = socket;
    this.listen(socket);
  }

  /** Ends the connection now; whoever reads gets `failure`. */
  fail(failure: SmtpFailure): void {
    this.failure ??= failure;
    this.socket.destroy();
    const { reader } = this;
    this.reader = undefined;
    if (reader) {
      clearTimeout(reader.timer);
      reader.reject(this.failure);
    }
    this.disturb();
  }

  /** Says QUIT and closes without waiting for the answer: nothing depends on it. */
  quit(): void {
    if (this.failure) return;
    this.failure = new SmtpFailure("connection", "The connection was closed by us.");
    this.onDisturbed = undefined;
    this.socket.end("QUIT\r\n");
    // A server that never closes its side must not keep the socket.
    setTimeout(() => this.socket.destroy(), 1_000).unref();
  }

  private listen(socket: Socket): void {
    socket.on("data", (chunk: Buffer) => this.take(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => this.fail(networkFailure(error, this.host)));
    socket.on("close", () => this.fail(new SmtpFailure("connection", `${this.host} closed the connection.`)));
  }

  private take(chunk: Buffer): void {
    try {
      for (const reply of this.parser.feed(chunk)) this.hand(reply);
    } catch (error) {
      this.fail(
        new SmtpFailure("connection", `${this.host} does not speak SMTP: ${(error as Error).message}.`, {
          cause: error,
        }),
      );
    }
  }

  private hand(reply: FullReply): void {
    const { reader } = this;
    this.reader = undefined;
    if (!reader) {
      this.replies.push(reply);
      this.disturb();
      return;
    }
    clearTimeout(reader.timer);
    reader.resolve(reply);
  }

  private disturb(): void {
    const { onDisturbed } = this;
    this.onDisturbed = undefined;
    onDisturbed?.();
  }
}

/** The failure that an error of a socket stands for. */
export function networkFailure(error: NodeJS.ErrnoException, host: string): SmtpFailure {
  const kind = classifyNetworkError(error.code);
  return new SmtpFailure(
    kind,
    `${sentences[kind as keyof typeof sentences] ?? "The connection failed"} (${host}): ${error.message || error.code}.`,
    { cause: error },
  );
}

const sentences = {
  dns: "The host name could not be resolved",
  tls: "TLS failed",
  timeout: "The connection timed out",
};
