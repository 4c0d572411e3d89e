import { expect, test } from "vitest";
import { AppError } from "../../core/errors.ts";
import { refusal, wordError } from "./errors.ts";

test("says that nobody is logged in as SendPulse does, whatever the reason", () => {
  const error = new AppError("unauthorized", "This API key was revoked.");
  expect(wordError(error)).toEqual({ status: 401, body: { message: "Unauthorized!", error_code: 401 } });
});

test.each([
  [new AppError("list_not_found"), 404, 213],
  [new AppError("list_exists"), 409, 203],
  [new AppError("forbidden"), 403, 800],
  [new AppError("rate_limited"), 429, 2020202020],
  [new AppError("body_too_large"), 413, 413],
  [refusal(720, "The subject is empty."), 400, 720],
])("gives %s the status and number of the registry", (error, status, number) => {
  expect(wordError(error)).toMatchObject({ status, body: { error_code: number, message: error.message } });
});

test("names the fields as the caller gave them, the first one in the message", () => {
  const issues = [
    { path: "contacts[3].properties.a b", message: "is no name" },
    { path: "contacts[4].phone", message: "is too short" },
  ];
  expect(wordError(new AppError("invalid_request", undefined, { issues })).body).toEqual({
    error_code: 21356,
    message: "A field breaks a rule. emails[3].variables.a b: is no name",
    errors: [
      { field: "emails[3].variables.a b", message: "is no name" },
      { field: "emails[4].phone", message: "is too short" },
    ],
  });
});
