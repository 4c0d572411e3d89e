import { connect, type Socket } from "node:net";
import { serveParent } from "./child.ts";
import { type LoadAnswer, type LoadQuestion, makeBody } from "./load.ts";

// Writes requests over kept connections, one at a time on each, and reads no more of the answers than it must: what it saves, the server
// under test has on a machine that both share.
serveParent<LoadQuestion>({}, run);

type State = { question: LoadQuestion; begun: number; endsAt: number; answer: LoadAnswer };

async function run(question: LoadQuestion): Promise<LoadAnswer> {
  const startedAt = performance.now();
  const answer = { requests: 0, refused: 0, seconds: 0, firstRefusal: null };
  const endsAt = question.seconds === null ? Number.POSITIVE_INFINITY : startedAt + question.seconds * 1000;
  const state: State = { question, begun: question.from, endsAt, answer };
  await Promise.all(Array.from({ length: question.connections }, () => drive(state)));
  answer.seconds = (performance.now() - startedAt) / 1000;
  return answer;
}

function drive(state: State): Promise<void> {
  const { port } = state.question;
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let pending: Buffer = Buffer.alloc(0);
    socket.on("connect", () => sendNext(socket, state));
    socket.on("data", (chunk) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const length = answerLength(pending);
      if (length === null || pending.length < length) return;
      count(state, pending);
      pending = pending.subarray(length);
      sendNext(socket, state);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
}

function sendNext(socket: Socket, state: State): void {
  const { question } = state;
  const isOver =
    performance.now() >= state.endsAt || (question.count !== null && state.begun >= question.from + question.count);
  if (isOver) {
    socket.end();
    return;
  }
  const body = makeBody(question, state.begun);
  state.begun += 1;
  const { method, path, key } = question;
  socket.write(
    `${method} ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    "latin1",
  );
}

/** The length of the answer at the start of `bytes`, or null while its head is not complete. */
function answerLength(bytes: Buffer): number | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end))?.[1];
  if (length === undefined) throw new Error(`An answer without a length: ${bytes.toString("latin1", 0, end)}`);
  return end + 4 + Number(length);
}

function count({ answer }: State, bytes: Buffer): void {
  // The first digit of the status: "HTTP/1.1 2..".
  if (bytes[9] === 0x32) answer.requests += 1;
  else {
    answer.refused += 1;
    answer.firstRefusal ??= bytes.toString("utf8", 0, 500);
  }
}
