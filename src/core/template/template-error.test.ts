import { expect, test } from "vitest";
import { scopeAt, templateFailure } from "./failure.ts";
import { TemplateError, toTemplateError } from "./template-error.ts";

test("an error of the engine keeps its cause and gets a sentence", () => {
  const cause = new RangeError("Maximum call stack size exceeded");
  const error = toTemplateError(cause);
  expect(error).toMatchObject({ message: "The template or its data is nested too deeply.", line: 1, column: 1, cause });
});

test("a TemplateError stays what it is", () => {
  const error = new TemplateError("Wrong.", { line: 3, column: 4 });
  expect(toTemplateError(error)).toBe(error);
});

test("what is no error becomes one", () => {
  expect(toTemplateError("odd").message).toBe("odd");
});

test("a step whose template fails says where", () => {
  expect(templateFailure(new TemplateError("Wrong.", { line: 3, column: 4 }))).toEqual({
    kind: "fail",
    reason: "template_failed",
    detail: { message: "Wrong.", line: 3, column: 4 },
  });
});

test("any other error of a step is a bug and goes on up", () => {
  expect(() => templateFailure(new TypeError("bug"))).toThrow(TypeError);
});

test("the scope at an instant says when that is, and the given one stays as it was", () => {
  const scope = { contact: {}, event: {}, run: { id: "r" }, steps: {}, workspace: {} };
  expect(scopeAt(scope, new Date("2026-03-01T12:00:00Z")).run).toEqual({ id: "r", now: "2026-03-01T12:00:00.000Z" });
  expect(scope.run).toEqual({ id: "r" });
});
