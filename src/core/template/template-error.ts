import { LiquidError } from "liquidjs";
import { maxRenderMs, maxSourceLength } from "./limits.ts";

/** A template that cannot be compiled or rendered. `line` and `column` count from 1. */
export class TemplateError extends Error {
  readonly line: number;
  readonly column: number;

  constructor(
    message: string,
    { line = 1, column = 1, cause }: { line?: number; column?: number; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? {} : { cause });
    this.name = "TemplateError";
    this.line = line;
    this.column = column;
  }
}

const plainSentences: readonly (readonly [RegExp, string])[] = [
  [/^memory alloc limit.*/, "The template does too much work: it loops too often or builds too much text."],
  [/^template render limit.*/, `The template takes longer than ${maxRenderMs} ms.`],
  [/^parse length limit.*/, `The template is longer than ${maxSourceLength} characters.`],
  [/^Maximum call stack.*/, "The template or its data is nested too deeply."],
  [/^Invalid string length.*/, "The template builds too much text."],
  [/^undefined filter: (.*)/, "There is no filter named $1."],
  [/^tag "?(.*?)"? not found/, "There is no tag named $1."],
  [/^tag (.*) not closed/, "The tag $1 is not closed."],
  [/^output (.*) not closed/, "The output $1 is not closed."],
  [/^invalid value expression: .*/, "An expression is missing or cannot be read."],
];

/** Turns whatever the template engine threw into a TemplateError that names line and column. */
export function toTemplateError(error: unknown): TemplateError {
  if (error instanceof TemplateError) return error;
  if (!(error instanceof Error)) return new TemplateError(String(error));
  if (!LiquidError.is(error)) return new TemplateError(sentence(error.message), { cause: error });
  if (error.originalError instanceof TemplateError) return error.originalError;
  const [line = 1, column = 1] = error.token.getPosition();
  const message = error.originalError?.message ?? error.message;
  return new TemplateError(sentence(message.replace(/, line:\d+, col:\d+$/, "")), { line, column, cause: error });
}

function sentence(message: string): string {
  for (const [pattern, text] of plainSentences) if (pattern.test(message)) return message.replace(pattern, text);
  return message;
}
