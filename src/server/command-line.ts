import { parseArgs } from "node:util";
import { AppError } from "../core/errors.ts";
import { type Command, PlainError, say, type Words } from "./command-line/command.ts";
import { version } from "./version.ts";

/** Loaded when they are named: a start should not wait for what only the demo needs. */
const commands: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ["start", async () => (await import("./command-line/start.ts")).start],
  ["demo", async () => (await import("./command-line/demo.ts")).demo],
  ["migrate", async () => (await import("./command-line/migrate.ts")).migrate],
  ["doctor", async () => (await import("./command-line/doctor.ts")).doctor],
  ["simulate", async () => (await import("./command-line/simulate.ts")).simulate],
  ["export", async () => (await import("./command-line/export-flows.ts")).exportFlows],
  ["import", async () => (await import("./command-line/import-flows.ts")).importFlows],
  ["key", async () => (await import("./command-line/key.ts")).key],
]);

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
  if (name === undefined || name === "help" || name === "--help" || name === "-h") return print(await overview());
  if (name === "--version" || name === "-v") return print(version);
  const command = await commands.get(name)?.();
  if (!command) throw new PlainError(`There is no command "${name}"; there are ${names()} (staffetta --help).`, 2);
  const words = readWords(command, rest);
  if (words.values["help"]) return print(`staffetta ${command.name}: ${command.summary}\n\n${command.help}`);
  return command.run(words);
}

function print(text: string): number {
  say(text);
  return 0;
}

function readWords({ name, options, takesWords = false }: Command, argv: string[]): Words {
  try {
    const all = { ...options, help: { type: "boolean", short: "h" } } as const;
    const { values, positionals } = parseArgs({
      args: argv,
      options: all,
      allowPositionals: takesWords,
      strict: true,
    });
    return { values, positionals };
  } catch (error) {
    throw new PlainError(`${(error as Error).message.split(". To specify")[0]} (staffetta ${name} --help).`, 2);
  }
}

async function overview(): Promise<string> {
  const all = await Promise.all([...commands.values()].map((load) => load()));
  const lines = all.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return `staffetta <command> [options]\n\n${lines.join("\n")}\n\nstaffetta <command> --help says more; staffetta --version tells the version.`;
}

function names(): string {
  return [...commands.keys()].join(", ");
}

/** One sentence for what an operator can put right, the stack for a bug. */
function sentenceOf(error: unknown): string {
  if (error instanceof PlainError || error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const isOurs = /[.]$/.test(error.message) && error.constructor === Error;
  return isOurs ? error.message : (error.stack ?? error.message);
}
