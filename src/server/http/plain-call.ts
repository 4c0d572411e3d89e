import type { IncomingHttpHeaders } from "node:http";

/** All of a request before its body, as it came in `bytes`. `length`: how long the body is. */
export type PlainHead = { bytes: Buffer; url: string; headers: IncomingHttpHeaders; length: number };

/** A request that came as it usually does. `bytes`: its body. */
export type PlainCall = { head: PlainHead; bytes: Buffer };

/** Larger bodies come rarely, and not in one piece. */
const maxBytes = 65_536;
const maxHeadBytes = 8_192;
const maxHeaders = 64;

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
 * `last`: the head of the call before on the same connection. Most clients send the same one again, and it is not read twice.
 */
export function readPlainCall(bytes: Buffer, last: PlainHead | null = null): PlainCall | "incomplete" | null {
  if (bytes.length > maxBytes) return null;
  const head = last !== null && beginsWith(bytes, last.bytes) ? last : readHead(bytes);
  if (head === null) return null;
  const missing = head.bytes.length + head.length - bytes.length;
  if (missing < 0 || bytes.length + missing > maxBytes) return null;
  return missing > 0 ? "incomplete" : { head, bytes: bytes.subarray(head.bytes.length) };
}

function beginsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.length >= start.length && bytes.compare(start, 0, start.length, 0, start.length) === 0;
}

/**
 * This recognises one form of POST and does not read HTTP: of whatever is unusual in it, Node's own parser has to make sense. No field comes
 * twice, the length is plain digits and there is no other word about how long the body is, so no two readers can disagree about it.
 */
function readHead(bytes: Buffer): PlainHead | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0 || end > maxHeadBytes) return null;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n", maxHeaders + 1);
  const url = requestLine.exec(first)?.[1];
  const headers = lines.length === maxHeaders ? null : readFields(lines);
  if (url === undefined || headers === null || !isPlain(headers)) return null;
  // A copy, for it outlives the buffer that it came in.
  return { bytes: Buffer.from(bytes.subarray(0, end + 4)), url, headers, length: Number(headers["content-length"]) };
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
