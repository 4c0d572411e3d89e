import { once } from "node:events";
import { Socket } from "node:net";

/** Where the client of PostgreSQL wants to connect: as its parsed options name it. */
export type SocketTarget = { host: string[]; port: number[]; path: string | boolean | undefined };

/**
 * A socket that sends what is written in one go, up to the next wait, as one packet. A batch is many statements sent one after the other
 * without waiting; as a write each they took a sixth of the program's time under load. Not held until the next turn of the event loop: the
 * database would wait for all else that this turn has to do.
 */
class CoalescingSocket extends Socket {
  #isCorked = false;

  // The overloads of `write` differ only in what may be left out.
  override write(...parts: [never, never?, never?]): boolean {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.cork();
      queueMicrotask(() => {
        this.#isCorked = false;
        this.uncork();
      });
    }
    return super.write(...parts);
  }
}

/** Connects to the first host. Rejects after `timeoutMs`, or with the error of the connection. */
export async function connectCoalescing({ host, port, path }: SocketTarget, timeoutMs: number): Promise<Socket> {
  const socket = new CoalescingSocket();
  if (typeof path === "string") socket.connect(path);
  else socket.connect(port[0] ?? 5432, host[0] ?? "127.0.0.1").setNoDelay(true);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}
