import { readFileSync } from "node:fs";
import type { Json } from "../../../core/json.ts";
import { parseJson } from "../../../core/parse-json.ts";
import { PlainError } from "../command.ts";

/** The values of a file with one JSON value a line, and on which lines they stand. */
export type JsonLines = { file: string; values: Json[]; numbers: number[] };

/** Reads a file of JSON. Throws one sentence with the place of what is wrong. */
export function readJsonFile(file: string): Json {
  const parsed = parseJson(readText(file));
  if (parsed.ok) return parsed.value;
  if (parsed.reason === "content")
    throw new PlainError(parsed.issues.map(({ path, message }) => `${file}: ${path} ${message}`).join("\n"));
  const { line, column, message } = parsed.error;
  throw new PlainError(`${file} line ${line}, column ${column}: ${message}`);
}

/** Reads a file with one JSON value a line; empty lines are passed over. Throws every broken line at once. */
export function readJsonLines(file: string): JsonLines {
  const lines: JsonLines = { file, values: [], numbers: [] };
  const problems: string[] = [];
  readText(file)
    .split("\n")
    .forEach((text, index) => {
      if (text.trim() === "") return;
      const parsed = parseJson(text);
      if (parsed.ok) {
        lines.values.push(parsed.value);
        lines.numbers.push(index + 1);
        return;
      }
      const why = parsed.reason === "syntax" ? parsed.error.message : (parsed.issues[0]?.message ?? "");
      problems.push(`${file} line ${index + 1}: ${why}`);
    });
  if (problems.length > 0) throw new PlainError(problems.slice(0, 50).join("\n"));
  return lines;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new PlainError(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`,
    );
  }
}
