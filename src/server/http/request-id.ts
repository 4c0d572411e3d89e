import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

const acceptable = /^[\w.:@/+=-]{1,128}$/;
const prefix = randomBytes(9).toString("base64url");
let count = 0;

/** The caller's `X-Request-Id` when it is short and printable, else an id of our own: random per process, counted per request. */
export function requestIdOf(request: Pick<IncomingMessage, "headers">): string {
  const given = request.headers["x-request-id"];
  if (typeof given === "string" && acceptable.test(given)) return given;
  count += 1;
  return `${prefix}-${count.toString(36)}`;
}
