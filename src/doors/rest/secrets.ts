import { z } from "zod";
import { listSecrets, removeSecret, setSecret } from "../../operations/secrets.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { pageOf } from "./schema.ts";

const tag = "Secrets";
const params = z.object({ name: z.string().max(200) });
const body = z.strictObject({ value: z.string().min(1).max(10_000) }).meta({ examples: [{ value: "sk_live_..." }] });
const nameOnly = z.object({ name: z.string() });

/** Secrets that HTTP actions may use: written, named, removed, never read back. */
export function serveSecrets(app: RestApp, { platform, callerOf }: RestContext): void {
  app.put(
    "/v1/secrets/:name",
    {
      schema: {
        ...describe({
          tag,
          summary: "Set a secret",
          description: "Stored encrypted; it never leaves the server but in the calls that use it.",
        }),
        params,
        body,
        response: { 200: nameOnly, ...refusals({ hasBody: true }) },
      },
    },
    async (request) => setSecret(platform, callerOf(request), { ...request.params, ...request.body }),
  );

  app.get(
    "/v1/secrets",
    {
      schema: {
        ...describe({ tag, summary: "List the names of secrets" }),
        response: { 200: pageOf(nameOnly.extend({ updatedAt: z.date() })), ...refusals({}) },
      },
    },
    async (request) => listSecrets(platform, callerOf(request)),
  );

  app.delete(
    "/v1/secrets/:name",
    {
      schema: {
        ...describe({ tag, summary: "Remove a secret" }),
        params,
        response: { 200: nameOnly, ...refusals({ errors: ["secret_not_found"] }) },
      },
    },
    async (request) => removeSecret(platform, callerOf(request), request.params),
  );
}
