import { z } from "zod";
import { createApiKey, listApiKeys, revokeApiKey } from "../../operations/api-keys.ts";
import { scopes } from "../../operations/platform.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { idParams, pageOf } from "./schema.ts";

const tag = "API keys";

const keyBody = z
  .strictObject({ name: z.string().min(1).max(200), scopes: z.array(z.enum(scopes)).min(1) })
  .meta({ examples: [{ name: "Shop", scopes: ["events:write", "contacts:write"] }] });

const keyFields = {
  id: z.string(),
  name: z.string(),
  hint: z.string().describe("The beginning of the key, to recognise it by."),
  scopes: z.array(z.string()),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
};
const keyView = z.object(keyFields).meta({ id: "ApiKey" });
const newKey = z.object({
  ...keyFields,
  key: z.string().optional().describe("Shown this once, also not to a repeat; only its hash is kept."),
});

/** API keys: made, listed, revoked. */
export function serveKeys(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  const about = { hasBody: true, isIdempotent: true } as const;
  app.post(
    "/v1/keys",
    {
      schema: {
        ...describe({ tag, summary: "Create an API key", ...about }),
        body: keyBody,
        response: { 201: newKey, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "create-key",
        status: 201,
        act: (within): Promise<z.output<typeof newKey>> => createApiKey(within, callerOf(request), request.body),
        remember: ({ key: _, ...facts }) => facts,
      }),
  );

  app.get(
    "/v1/keys",
    {
      schema: {
        ...describe({ tag, summary: "List the API keys" }),
        response: { 200: pageOf(keyView), ...refusals({}) },
      },
    },
    async (request) => listApiKeys(platform, callerOf(request)),
  );

  app.post(
    "/v1/keys/:id/revoke",
    {
      schema: {
        ...describe({ tag, summary: "Revoke an API key", description: "It stops working within seconds, for good." }),
        params: idParams,
        response: { 200: z.object({ id: z.string() }), ...refusals({ errors: ["api_key_not_found"] }) },
      },
    },
    async (request) => revokeApiKey(platform, callerOf(request), request.params),
  );
}
