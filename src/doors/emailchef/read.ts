import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { findJsonProblems } from "../../core/json-problems.ts";

/** What a write says, out of the `instance_in` that Emailchef wraps it in, checked. */
export function readInstance<Schema extends z.ZodType>({ body }: FastifyRequest, schema: Schema): z.output<Schema> {
  return check(instanceOf(body as Json | undefined), schema);
}

/** What the query says, checked; where the same is said in the body too (of a DELETE, for one), the query counts. */
export function readQuery<Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.output<Schema> {
  const query = request.query as JsonObject;
  const issues = findJsonProblems(query, { checkText: true });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const body = request.body === undefined || request.body === null ? {} : instanceOf(request.body as Json);
  return check({ ...body, ...query }, schema);
}

function instanceOf(body: Json | undefined): JsonObject {
  if (!isJsonObject(body)) throw refused("", "must be a JSON object with instance_in");
  const instance = body["instance_in"] ?? body;
  if (!isJsonObject(instance)) throw refused("instance_in", "must be a JSON object");
  return instance;
}

function check<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", undefined, { issues: issuesOf(parsed.error) });
}

/** The error for one broken field. */
export function refused(path: string, message: string): AppError {
  return new AppError("invalid_request", undefined, { issues: [{ path, message }] });
}

/** Does something, and lets what it refuses name the fields as the caller knows them. */
export async function naming<Result>(nameOf: (path: string) => string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof AppError) || error.issues.length === 0) throw error;
    const issues = error.issues.map((issue) => ({ ...issue, path: nameOf(issue.path) }));
    throw new AppError(error.code, error.message, { issues, cause: error });
  }
}

/** Text, also where it comes as a number; null and nothing are no text. */
export const text = z.union([z.string(), z.number(), z.null()], "must be text").transform((value) => value?.toString());

/** A number of ours, which clients send as number or text. */
export const number = z
  .union([z.int(), z.string().regex(/^[1-9]\d{0,14}$/)], "must be the number of something")
  .transform(Number)
  .pipe(z.int("must be the number of something").positive("must be the number of something"));

/** The number in a path; 0, which nothing has, for anything else. */
export function numberIn(params: unknown, name: string): number {
  const given = (params as Record<string, string>)[name] ?? "";
  return /^[1-9]\d{0,14}$/.test(given) ? Number(given) : 0;
}

/** How a page of anything is asked for; unknown words for an order mean the usual one. */
export const pageFields = {
  limit: count(1, 1000).default(100),
  offset: count(0, 1_000_000).default(0),
  orderby: z.string().max(50).optional().catch(undefined),
  ordertype: z.string().max(50).optional().catch(undefined),
};

function count(from: number, to: number) {
  const rule = `must be a whole number from ${from} to ${to}`;
  return z
    .union([z.number(), z.string().regex(/^\d{1,9}$/)], rule)
    .transform(Number)
    .pipe(z.int(rule).min(from, rule).max(to, rule));
}
