/** Where JSON text stops being JSON: `position` counts UTF-16 units from 0, line and column count from 1. */
export type JsonSyntaxError = { position: number; line: number; column: number; message: string };

type Expectation = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end" | "nothing";

const space = /[ \t\n\r]*/y;
const scalar =
  /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/uy;

const expected: Record<Expectation, string> = {
  value: "a value is expected",
  "value-or-end": "a value or ] is expected",
  key: "a field name in double quotes is expected",
  "key-or-end": "a field name in double quotes or } is expected",
  colon: "a colon is expected",
  "comma-or-end": "a comma or the closing bracket is expected",
  nothing: "nothing more is expected",
};

/**
 * Finds the first place where `text` is not JSON (RFC 8259). For text that JSON.parse has refused: its own message leaves the
 * place out for short texts. Needs no stack, however deep the text nests.
 */
export function findJsonError(text: string): JsonSyntaxError {
  const open: ("{" | "[")[] = [];
  let expectation: Expectation = "value";
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const step = readToken(text, at, { expectation, open });
    if (step === null) return describe(text, at, expected[expectation]);
    expectation = step.next;
    at = skipSpace(text, step.end);
  }
  return describe(text, at, expectation === "nothing" ? "the text is not JSON" : expected[expectation]);
}

type State = { expectation: Expectation; open: ("{" | "[")[] };

type Step = { end: number; next: Expectation } | null;

/** Takes one token and says what may follow; null when the token is not allowed here. Opens and closes brackets in `open`. */
function readToken(text: string, at: number, state: State): Step {
  const character = text.charAt(at);
  if (character === "}" || character === "]") return close(at, state, character);
  switch (state.expectation) {
    case "nothing":
      return null;
    case "colon":
      return character === ":" ? { end: at + 1, next: "value" } : null;
    case "comma-or-end":
      return character === "," ? { end: at + 1, next: state.open.at(-1) === "{" ? "key" : "value" } : null;
    case "key":
    case "key-or-end":
      return character === '"' ? readScalar(text, at, "colon") : null;
    default:
      return readValue(text, at, state.open);
  }
}

function readValue(text: string, at: number, open: State["open"]): Step {
  const character = text.charAt(at);
  if (character !== "{" && character !== "[") return readScalar(text, at, afterValue(open));
  open.push(character);
  return { end: at + 1, next: character === "{" ? "key-or-end" : "value-or-end" };
}

function readScalar(text: string, at: number, next: Expectation): Step {
  scalar.lastIndex = at;
  return scalar.test(text) ? { end: scalar.lastIndex, next } : null;
}

function close(at: number, { expectation, open }: State, character: "}" | "]"): Step {
  const isEmpty = expectation === (character === "}" ? "key-or-end" : "value-or-end");
  const isInside = open.at(-1) === (character === "}" ? "{" : "[");
  if (!isInside || !(isEmpty || expectation === "comma-or-end")) return null;
  open.pop();
  return { end: at + 1, next: afterValue(open) };
}

function afterValue(open: readonly string[]): Expectation {
  return open.length === 0 ? "nothing" : "comma-or-end";
}

function skipSpace(text: string, at: number): number {
  space.lastIndex = at;
  space.test(text);
  return space.lastIndex;
}

function describe(text: string, position: number, message: string): JsonSyntaxError {
  const before = text.slice(0, position);
  const lineStart = before.lastIndexOf("\n") + 1;
  const line = before.split("\n").length;
  return { position, line, column: position - lineStart + 1, message };
}
