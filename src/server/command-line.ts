import { parseArgs } from "node:util";
import { AppError } from "../core/errors.ts";
import { type Command, PlainError, say, type Words } from "./command-line/command.ts";
import { demo } from "./command-line/demo.ts";
import { doctor } from "./command-line/doctor.ts";
import { key } from "./command-line/key.ts";
import { migrate } from "./command-line/migrate.ts";
import { start } from "./command-line/start.ts";
import { version } from "./version.ts";

const commands: readonly Command[] = [start, demo, migrate, doctor, key];

/** Runs `staffetta <command> ...`. Resolves with the exit code: 0 well, 1 failed, 2 wrong words. Never rejects. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  // Whatever the machine's zone, dates without one mean the same everywhere.
  process.env["TZ"] = "UTC";
  try {
    return await dispatch(argv);
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    return error instanceof PlainError ? error.exitCode : 1;
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return print(overview());
  if (name === "--version" || name === "-v") return print(version);
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) throw new PlainError(`There is no command "${name}"; there are ${names()} (staffetta --help).`, 2);
  const words = readWords(command, rest);
  if (words.values["help"]) return print(`staffetta ${command.name}: ${command.summary}\n\n${command.help}`);
  return command.run(words);
}

function print(text: string): number {
  say(text);
  return 0;
}

function readWords({ name, options }: Command, argv: string[]): Words {
  try {
    const all = { ...options, help: { type: "boolean", short: "h" } } as const;
    const { values, positionals } = parseArgs({
      args: argv,
      options: all,
      allowPositionals: name === "key",
      strict: true,
    });
    return { values, positionals };
  } catch (error) {
    throw new PlainError(`${(error as Error).message.split(". To specify")[0]} (staffetta ${name} --help).`, 2);
  }
}

function overview(): string {
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return `staffetta <command> [options]\n\n${lines.join("\n")}\n\nstaffetta <command> --help says more; staffetta --version tells the version.`;
}

function names(): string {
  return commands.map(({ name }) => name).join(", ");
}

/** One sentence for what an operator can put right, the stack for a bug. */
function sentenceOf(error: unknown): string {
  if (error instanceof PlainError || error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const isOurs = /[.]$/.test(error.message) && error.constructor === Error;
  return isOurs ? error.message : (error.stack ?? error.message);
}
