import type { ParseArgsConfig } from "node:util";
import { type Configuration, readConfiguration } from "../configuration.ts";

export type Words = { values: Record<string, unknown>; positionals: string[] };

/** One command of the command line. `run` resolves with the exit code. */
export type Command = {
  name: string;
  /** Half a line for the list of commands. */
  summary: string;
  /** What `--help` prints below the summary. */
  help: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  /** True when words besides options may follow. */
  takesWords?: boolean;
  run(words: Words): Promise<number>;
};

/** Something that the person at the keyboard can put right: one sentence, no stack. `exitCode` 2 is for wrong words, 1 for the rest. */
export class PlainError extends Error {
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.name = "PlainError";
    this.exitCode = exitCode;
  }
}

/** The configuration from the environment. Throws all wrong variables at once. */
export function requireConfiguration(environment: NodeJS.ProcessEnv = process.env): Configuration {
  const read = readConfiguration(environment);
  if (read.ok) return read.value;
  throw new PlainError(read.problems.join("\n"));
}

/** A line for the person who runs the command. */
export function say(line = ""): void {
  process.stdout.write(`${line}\n`);
}
