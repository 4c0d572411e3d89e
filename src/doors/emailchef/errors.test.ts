import { expect, test } from "vitest";
import { AppError } from "../../core/errors.ts";
import { wordError } from "./errors.ts";

test.each([
  [new AppError("unauthorized"), null],
  [new AppError("contact_not_found"), { status: "ERROR", message: "resource_not_found" }],
  [new AppError("list_exists", "Taken."), { status: "ERROR", message: "Taken.", code: "list_exists" }],
  [
    new AppError("invalid_request", "Broken.", { issues: [{ path: "email", message: "must be an address" }] }),
    {
      status: "ERROR",
      message: "email must be an address",
      code: "invalid_request",
      issues: [{ path: "email", message: "must be an address" }],
    },
  ],
])("words %s in Emailchef's form", (error, body) => {
  expect(wordError(error)).toEqual(body);
});
