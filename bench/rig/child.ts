import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A program of ours in a process of its own. It says hello with one JSON line, answers each question with one, and ends with its input. */
export type Child<Hello> = {
  hello: Hello;
  pid: number;
  ask<Answer>(question: object): Promise<Answer>;
  close(): Promise<void>;
};

/** Starts `program` (a path beside this file, of the built tree). Rejects when it ends before its hello. */
export async function startChild<Hello>(program: string, parameters: readonly string[] = []): Promise<Child<Hello>> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [file, ...parameters], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ended without an answer.`);
    return JSON.parse(value);
  };
  // A child that died closes its input; its missing answer is what gets reported.
  child.stdin.on("error", () => undefined);
  return {
    hello: await read(),
    pid: child.pid ?? 0,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return read();
    },
    async close() {
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await ended;
    },
  };
}

/** The other end, for the program in the child: says `hello`, then answers every question. */
export function serveParent<Question>(hello: object, answer: (question: Question) => Promise<object> | object): void {
  say(hello);
  const questions = createInterface({ input: process.stdin });
  questions.on("line", (line) => void Promise.resolve(answer(JSON.parse(line))).then(say));
  questions.on("close", () => process.exit(0));
}

function say(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
