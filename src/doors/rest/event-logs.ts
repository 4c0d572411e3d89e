import { clearEventLog, listEventLog } from "../../operations/event-log.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { clearedLog, eventDefinitionParams } from "./event-definitions-schema.ts";
import { eventPage } from "./events-schema.ts";
import { pageQuery } from "./schema.ts";

const tag = "Event manager";
const path = "/v1/event-definitions/:name/log";
const errors = ["event_definition_not_found"] as const;

/** The log of the calls of a defined event. */
export function serveEventLogs(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    path,
    {
      schema: {
        ...describe({
          tag,
          summary: "List the received events of a definition, with who sent them",
          description: "Newest first, since the log was last cleared.",
        }),
        params: eventDefinitionParams,
        querystring: pageQuery,
        response: { 200: eventPage, ...refusals({ errors }) },
      },
    },
    async (request) => listEventLog(platform, callerOf(request), { ...request.query, name: request.params.name }),
  );

  app.delete(
    path,
    {
      schema: {
        ...describe({
          tag,
          summary: "Clear the log",
          description:
            "The log begins anew, and what is known of the clients is taken out of the events before it. The events themselves stay: flows may still have to meet them, and they say why runs began.",
        }),
        params: eventDefinitionParams,
        response: { 200: clearedLog, ...refusals({ errors }) },
      },
    },
    async (request) => clearEventLog(platform, callerOf(request), { names: [request.params.name], numbers: [] }),
  );
}
