import type { IncomingHttpHeaders } from "node:http";

/** All of a request before its body and the empty line, as it came in `text`. `length`: how long the body is. */
export type PlainHead = { text: string; url: string; headers: IncomingHttpHeaders; length: number };

/** A request that came as it usually does. `bytes`: its body. */
export type PlainCall = { head: PlainHead; bytes: Buffer };

/** Larger bodies come rarely, and not in one piece. */
const maxBytes = 65_536;
const maxHeadBytes = 8_192;
const maxHeaders = 64;
const headEnd = Buffer.from("\r\n\r\n");

const requestLine = /^POST (\/[!-~]*) HTTP\/1\.1$/;
/**
 * A field line (RFC 9112, 5) of printable ASCII without tabs, of which Node makes an error behind a length. Without choices of where the value
 * begins: those make a pattern slow on what does not fit.
 */
const fieldLine = /^([!#$%&'*+.^_`|~\dA-Za-z-]+):([ -~]*)$/;
/** Fields by which a connection, or the reading of a body, would take another turn, or that Node makes lists of. */
const unplainFields = [
  ...["transfer-encoding", "expect", "upgrade", "te", "trailer", "proxy-connection"],
  ...["set-cookie", "idempotency-key"],
];

/**
 * The request that these bytes are, to the last one; "incomplete" when only the end of the body is missing; null when they are anything else.
 * `known`: finds a head that came before. Most clients send the same few again and again, and they are not read twice.
 */
export function readPlainCall(
  bytes: Buffer,
  known: (text: string) => PlainHead | undefined = () => undefined,
): PlainCall | "incomplete" | null {
  if (bytes.length > maxBytes) return null;
  const end = bytes.indexOf(headEnd);
  if (end < 0 || end > maxHeadBytes) return null;
  const text = bytes.toString("latin1", 0, end);
  const head = known(text) ?? readHead(text);
  if (head === null) return null;
  const from = end + headEnd.length;
  const missing = from + head.length - bytes.length;
  if (missing < 0 || bytes.length + missing > maxBytes) return null;
  return missing > 0 ? "incomplete" : { head, bytes: bytes.subarray(from) };
}

/**
 * This recognises one form of POST and does not read HTTP: of whatever is unusual in it, Node's own parser has to make sense. No field comes
 * twice, the length is plain digits and there is no other word about how long the body is, so no two readers can disagree about it.
 */
function readHead(text: string): PlainHead | null {
  const [first = "", ...lines] = text.split("\r\n", maxHeaders + 1);
  const url = requestLine.exec(first)?.[1];
  const headers = lines.length === maxHeaders ? null : readFields(lines);
  if (url === undefined || headers === null || !isPlain(headers)) return null;
  return { text, url, headers, length: Number(headers["content-length"]) };
}

function readFields(lines: readonly string[]): Record<string, string> | null {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [, given, value = ""] = fieldLine.exec(line) ?? [];
    if (given === undefined) return null;
    const name = given.toLowerCase();
    // Also what every object has, as `constructor`.
    if (name in fields) return null;
    fields[name] = value.trim();
  }
  return fields;
}

function isPlain(fields: Record<string, string>): boolean {
  if (fields["content-type"] !== "application/json" || !fields["host"]) return false;
  if (!/^[1-9]\d{0,4}$/.test(fields["content-length"] ?? "")) return false;
  const { connection } = fields;
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") return false;
  return unplainFields.every((name) => fields[name] === undefined);
}
