import { type AddressInfo, createServer, type Socket } from "node:net";

export type ScriptedSmtp = { port: number; url: string; commands: string[]; close(): Promise<void> };

type Script = {
  greeting?: string;
  /** Answers one line; `count` is how many such commands came before on this connection. "drop" ends the connection, null says nothing. */
  answer: (command: string, context: { count: number; connection: number }) => string | null;
};

/**
 * A server that says exactly what a test tells it to, for what no proper SMTP server would say. After an answer of 354, lines up to
 * the final dot are one command, named ".".
 */
export async function startScriptedSmtp({ greeting = "220 ready\r\n", answer }: Script): Promise<ScriptedSmtp> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = sockets.size;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    converse(socket, (command, count) => {
      commands.push(command);
      return answer(command, { count, connection });
    });
    socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { port, url: `smtp://127.0.0.1:${port}`, commands, close };
}

function converse(socket: Socket, answer: (command: string, count: number) => string | null): void {
  const counts = new Map<string, number>();
  let rest = "";
  let isInData = false;
  socket.on("data", (chunk) => {
    rest += chunk.toString("latin1");
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (isInData && line !== ".") continue;
      const verb = line.slice(0, 4);
      const reply = answer(line, counts.get(verb) ?? 0);
      counts.set(verb, (counts.get(verb) ?? 0) + 1);
      isInData = reply?.startsWith("354") ?? false;
      if (reply === "drop") socket.destroy();
      else if (reply !== null) socket.write(reply);
    }
  });
}
