import { expect, test } from "vitest";
import { failure, networkFailure } from "./failure.ts";

test.each([
  ["ADDRESS_BLOCKED", "blocked", false],
  ["ECONNREFUSED", "refused", true],
  ["ECONNRESET", "unreachable", true],
  ["EHOSTUNREACH", "unreachable", true],
  ["EPIPE", "unreachable", true],
  ["ENOTFOUND", "dns", true],
  ["EAI_AGAIN", "dns", true],
  ["ETIMEDOUT", "timeout", true],
  ["UND_ERR_CONNECT_TIMEOUT", "timeout", true],
  ["UND_ERR_SOCKET", "unreachable", true],
  ["UND_ERR_HEADERS_OVERFLOW", "too_large", false],
  ["UND_ERR_INVALID_ARG", "invalid_request", false],
  ["CERT_HAS_EXPIRED", "tls", false],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls", false],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls", false],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls", false],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls", false],
  ["EPROTO", "tls", false],
  ["HPE_INVALID_CONSTANT", "unreachable", true],
  ["SOMETHING_NEW", "unreachable", true],
])("%s is %s", (code, reason, retryable) => {
  const error = Object.assign(new Error("why"), { code });
  expect(networkFailure(error, true)).toEqual({ reason, message: "why", sent: true, retryable });
});

test("an error over several addresses takes the reason of the first and tells all", () => {
  const errors = ["127.0.0.1", "::1"].map((host) => Object.assign(new Error(`no ${host}`), { code: "ECONNREFUSED" }));
  expect(networkFailure(new AggregateError(errors), false)).toMatchObject({
    reason: "refused",
    message: "no 127.0.0.1; no ::1",
  });
});

test("the cause counts when the error itself has no code", () => {
  const cause = Object.assign(new Error("inner"), { code: "ENOTFOUND" });
  expect(networkFailure(new Error("outer", { cause }), false)).toMatchObject({ reason: "dns", message: "outer" });
});

test.each([undefined, null, "text", new Error("")])("anything thrown is a failure: %s", (error) => {
  expect(networkFailure(error, false)).toMatchObject({ reason: "unreachable", sent: false });
});

test.each(["blocked", "too_large", "redirects", "invalid_request", "tls", "status"] as const)(
  "%s does not pass by itself",
  (reason) => {
    expect(failure(reason, "x").retryable).toBe(false);
  },
);
