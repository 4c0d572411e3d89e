import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import { accessTokenSeconds, issueAccessToken } from "../../operations/access-tokens.ts";
import type { Caller } from "../../operations/platform.ts";
import type { DoorContext } from "../door.ts";
import { readParameters } from "./parameters.ts";

const hidden = { schema: { hide: true } } as const;

/** The log-in: the id of an API key and the key, for an access token that is good for an hour (RFC 6749, section 4.4). */
export function serveOauth(app: FastifyInstance, context: DoorContext): void {
  app.post("/oauth/access_token", hidden, async (request, reply) => {
    const { grant_type: grantType, client_id: id, client_secret: secret } = await readParameters(request);
    reply.header("cache-control", "no-store");
    if (typeof id !== "string" || typeof secret !== "string" || id === "" || secret === "")
      return refuse(reply, { status: 400, error: "invalid_request", message: "Send client_id and client_secret." });
    if (grantType !== "client_credentials")
      return refuse(reply, {
        status: 400,
        error: "unsupported_grant_type",
        message: "Send grant_type client_credentials.",
      });
    const caller = await identified(request, context, { id, secret });
    if (!caller)
      return refuse(reply, { status: 401, error: "invalid_client", message: "Client authentication failed." });
    return {
      access_token: issueAccessToken(context.platform, caller),
      token_type: "Bearer",
      expires_in: accessTokenSeconds,
    };
  });
}

async function identified(
  request: FastifyRequest,
  { identify }: DoorContext,
  credentials: { id: string; secret: string },
): Promise<Caller | null> {
  try {
    return await identify(request, credentials);
  } catch (error) {
    if (error instanceof AppError && error.code === "unauthorized") return null;
    throw error;
  }
}

type Refusal = { status: number; error: string; message: string };

/** The node client stops asking only when `error` is `invalid_client`. */
function refuse(reply: FastifyReply, { status, error, message }: Refusal): FastifyReply {
  return reply.code(status).send({ error, error_description: message, message, error_code: status });
}
