import { expect, test } from "vitest";
import { AppError } from "../../core/errors.ts";
import { asAppError, makeProblem } from "./problem.ts";

const context = { instance: "/v1/lists", requestId: "r-1", publicUrl: null };

test("a problem document has the members of RFC 9457, and the code, request id and issues", () => {
  const issues = [{ path: "name", message: "is missing" }];
  expect(makeProblem(new AppError("invalid_request", "One field breaks a rule.", { issues }), context)).toEqual({
    type: "/docs/errors#invalid_request",
    title: "A field breaks a rule.",
    status: 422,
    detail: "One field breaks a rule.",
    instance: "/v1/lists",
    code: "invalid_request",
    requestId: "r-1",
    issues,
  });
});

test("links to the page of errors at the public address, and keeps facts apart from the standard members", () => {
  const error = new AppError("forbidden", "No.", { detail: { scope: "keys:write", status: "odd" } });
  const problem = makeProblem(error, { ...context, publicUrl: "https://relay.example/" });
  expect(problem).toMatchObject({
    type: "https://relay.example/docs/errors#forbidden",
    status: 403,
    context: { scope: "keys:write", status: "odd" },
  });
});

test.each([
  ["FST_ERR_CTP_BODY_TOO_LARGE", "body_too_large"],
  ["FST_ERR_CTP_INVALID_MEDIA_TYPE", "unsupported_content_type"],
  ["FST_ERR_BAD_URL", "route_not_found"],
  ["CONNECTION_ENDED", "unavailable"],
  ["57P01", "unavailable"],
  ["23505", "internal"],
  ["", "internal"],
])("the framework's or the database's %j is our %s", (code, expected) => {
  expect(asAppError(Object.assign(new Error("secret words"), { code })).code).toBe(expected);
});

test("an unexpected error tells nothing of itself", () => {
  const problem = makeProblem(asAppError(new TypeError("password is hunter2")), context);
  expect(JSON.stringify(problem)).not.toContain("hunter2");
});

test("what is thrown need not be an error", () => {
  expect(asAppError("words").code).toBe("internal");
});
