import type { z } from "zod";
import type { Issue } from "./errors.ts";

/** The problems of a failed Zod parse, with paths that read like `steps.mail.config.subject` or `events[3].email`. */
export function issuesOf(error: z.core.$ZodError, root = ""): Issue[] {
  return error.issues.flatMap((issue) => flatten(issue, root));
}

function flatten(issue: z.core.$ZodIssue, root: string): Issue[] {
  const path = joinPath(root, issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: joinPath(path, [key]), message: "is not a known field" }));
  if (issue.code === "invalid_union") {
    const branches = issue.errors.filter((errors) => errors.length > 0);
    const best = branches.sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
    if (best) return best.flatMap((inner) => flatten(inner, path));
  }
  if (issue.code === "invalid_key") return issue.issues.flatMap((inner) => flatten(inner, path));
  return [{ path, message: issue.message }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length));
}

/** `path` extended by segments: names with a dot, indexes in brackets. */
export function joinPath(path: string, segments: readonly PropertyKey[]): string {
  return segments.reduce<string>((text, segment) => {
    if (typeof segment === "number") return `${text}[${segment}]`;
    return text === "" ? String(segment) : `${text}.${String(segment)}`;
  }, path);
}
