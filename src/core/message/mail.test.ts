import { expect, test } from "vitest";
import { headerProblem } from "./mail.ts";

test.each([
  "X-Campaign",
  "x-staffetta-key",
  "List-Unsubscribe",
  "List-Unsubscribe-Post",
  "In-Reply-To",
  "References",
  "Auto-Submitted",
  "Precedence",
])("a mail may carry %s", (name) => {
  expect(headerProblem(name)).toBeNull();
});

test.each([
  "Bcc",
  "bcc",
  "CC",
  "To",
  "From",
  "Sender",
  "Subject",
  "Content-Type",
  "content-transfer-encoding",
  "MIME-Version",
  "Received",
  "DKIM-Signature",
  "Return-Path",
  "Resent-To",
  "ARC-Seal",
])("a mail may not carry its own %s", (name) => {
  expect(headerProblem(name)).toContain("is set by the server");
});

test.each(["", "X Y", "X:Y", "X-\r\nBcc", "X-é", "a".repeat(77)])("%j is no header name", (name) => {
  expect(headerProblem(name)).toContain("is no header name");
});
