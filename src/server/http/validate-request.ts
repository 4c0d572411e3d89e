import type { FastifySchemaCompiler } from "fastify";
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";
import { findJsonProblems } from "../../core/json-problems.ts";

/** Checks a part of a request against its Zod schema; `invalid_request` names every broken field of that part. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const isBody = httpPart === "body";
  return (data) => {
    const unstorable = isBody ? [] : findJsonProblems(data, { checkText: true });
    if (unstorable.length > 0) return { error: new AppError("invalid_request", undefined, { issues: unstorable }) };
    // The framework hands over null where there is no body at all.
    const result = schema.safeParse(isBody && data === null ? undefined : data);
    if (result.success) return { value: result.data };
    const issues = issuesOf(result.error);
    if (isBody && (data === null || data === undefined)) return { error: noBody() };
    const detail = issues.length === 1 ? "A field breaks a rule." : `${issues.length} fields break a rule.`;
    return { error: new AppError("invalid_request", detail, { issues }) };
  };
};

function noBody(): AppError {
  return new AppError("invalid_request", "A JSON body is needed.", {
    issues: [{ path: "", message: "a JSON object is needed as the body" }],
  });
}
