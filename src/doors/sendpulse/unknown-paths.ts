import type { FastifyInstance } from "fastify";
import { AppError } from "../../core/errors.ts";
import { hidden } from "./values.ts";

/** What only SendPulse's API has at the front of its paths. */
const prefixes = ["oauth", "addressbooks", "emails", "blacklist", "tags", "senders", "smtp", "a360"];

/** Answers paths that are SendPulse's and that are not served in its own form. */
export function refuseUnknownPaths(app: FastifyInstance): void {
  for (const prefix of prefixes)
    app.all(`/${prefix}/*`, hidden, async () => {
      throw new AppError("route_not_found");
    });
}
