import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { sampleEntry, sampleEvent } from "../../operations/event-samples.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { eventDefinitionParams, sampleCode } from "./event-definitions-schema.ts";

const entryParams = z.object({ id: z.string().max(200), entry: z.string().max(200) });
const description =
  "curl, JavaScript, TypeScript, Python and PHP, with the address of this server (PUBLIC_URL, or as it was called), without and with an API key.";

/** Ready code that sends an event, or calls the address of an entry. */
export function serveEventSamples(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  app.get(
    "/v1/event-definitions/:name/samples",
    {
      schema: {
        ...describe({ tag: "Event manager", summary: "Get code that sends an event", description }),
        params: eventDefinitionParams,
        response: { 200: sampleCode, ...refusals({ errors: ["event_definition_not_found"] }) },
      },
    },
    async (request) =>
      sampleEvent(platform, callerOf(request), { name: request.params.name, origin: originOf(request, context) }),
  );

  app.get(
    "/v1/flows/:id/entries/:entry/samples",
    {
      schema: {
        ...describe({ tag: "Incoming calls", summary: "Get code that calls the address of an entry", description }),
        params: entryParams,
        response: { 200: sampleCode, ...refusals({ errors: ["flow_not_found", "entry_not_found"] }) },
      },
    },
    async (request) => {
      const { id: flowId, entry } = request.params;
      return sampleEntry(platform, callerOf(request), { flowId, entry, origin: originOf(request, context) });
    },
  );
}

/** How the server is reached: as the operator says, else as this request did. */
function originOf(request: FastifyRequest, { addressOf }: RestContext): string {
  const configured = addressOf("");
  if (configured !== "") return configured;
  const { protocol, host } = request;
  return /^[\w.-]+(:\d{1,5})?$|^\[[\da-fA-F:]+\](:\d{1,5})?$/.test(host) ? `${protocol}://${host}` : "http://localhost";
}
