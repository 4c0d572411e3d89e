import { connect, type Socket } from "node:net";
import { serveParent } from "./child.ts";
import { type LoadAnswer, type LoadQuestion, makeBody } from "./load.ts";

// Writes requests over kept connections, one at a time on each, and reads no more of the answers than it must: what it saves, the server
// under test has on a machine that both share.
serveParent<LoadQuestion>({}, run);

/** All connections read into this one: what is in it is taken before anything else is read. A chunk each took a tenth of the generator's time. */
const incoming = Buffer.alloc(65_536);

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
    let pending = "";
    const onread = {
      buffer: incoming,
      callback(length: number) {
        pending += incoming.toString("latin1", 0, length);
        const end = answerLength(pending);
        if (end === null || pending.length < end) return true;
        count(state, pending);
        pending = pending.slice(end);
        sendNext(socket, state);
        return true;
      },
    };
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
    socket.on("connect", () => sendNext(socket, state));
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

/** The length of the answer at the start of `text`, or null while its head is not complete. */
function answerLength(text: string): number | null {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
  if (length === undefined) throw new Error(`An answer without a length: ${text.slice(0, end)}`);
  return end + 4 + Number(length);
}

function count({ answer }: State, text: string): void {
  // The first digit of the status: "HTTP/1.1 2..".
  if (text[9] === "2") answer.requests += 1;
  else {
    answer.refused += 1;
    answer.firstRefusal ??= Buffer.from(text.slice(0, 500), "latin1").toString();
  }
}
