import type { FastifyInstance } from "fastify";
import { AppError } from "../../core/errors.ts";

type Pattern = { matches: RegExp; methods: Set<string> };

/** Answers requests that no route takes: 405 with Allow where another method would do, otherwise 404. Call before routes are added. */
export function handleNotFound(app: FastifyInstance): void {
  const patterns = new Map<string, Pattern>();
  app.addHook("onRoute", ({ url, method }) => {
    const pattern = patterns.get(url) ?? { matches: expressionOf(url), methods: new Set() };
    for (const name of Array.isArray(method) ? method : [method]) pattern.methods.add(name);
    patterns.set(url, pattern);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const path = plainPath(request.url);
    const fitting = [...patterns.values()].filter(({ matches }) => matches.test(path));
    const allowed = new Set(fitting.flatMap(({ methods }) => [...methods]));
    if (allowed.size === 0) throw new AppError("route_not_found");
    const allow = [...allowed].sort().join(", ");
    reply.header("allow", allow);
    throw new AppError("method_not_allowed", `This path takes ${allow}.`);
  });
}

/** The path as the router looks at it. */
function plainPath(url: string): string {
  const path = (url.split("?", 1)[0] ?? "").replace(/\/{2,}/g, "/");
  return path.length > 1 ? path.replace(/\/$/, "") : "/";
}

function expressionOf(url: string): RegExp {
  const parts = url.split(/(:\w+|\*)/).map((part) => {
    if (part.startsWith(":")) return "[^/]+";
    return part === "*" ? ".*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
