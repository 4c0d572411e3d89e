import {
  changeEventDefinition,
  createEventDefinition,
  deleteEventDefinition,
  getEventDefinition,
  listEventDefinitions,
} from "../../operations/event-definitions.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import {
  deletedDefinition,
  eventDefinitionBody,
  eventDefinitionChange,
  eventDefinitionPage,
  eventDefinitionParams,
  eventDefinitionView,
} from "./event-definitions-schema.ts";
import { pageQuery } from "./schema.ts";

const tag = "Event manager";
const notFound = ["event_definition_not_found"] as const;

/** The event manager: which events there are, what they carry, and their addresses for calls without a key. */
export function serveEventDefinitions(app: RestApp, context: RestContext): void {
  serveWrites(app, context);
  serveReads(app, context);
}

function serveWrites(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  const about = { hasBody: true, isIdempotent: true, errors: ["event_definition_exists", "invalid_state"] } as const;
  app.post(
    "/v1/event-definitions",
    {
      schema: {
        ...describe({ tag, summary: "Define an event", ...about }),
        body: eventDefinitionBody,
        response: { 201: eventDefinitionView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "create-event-definition",
        status: 201,
        act: (within) => createEventDefinition(within, callerOf(request), request.body),
      }),
  );

  app.patch(
    "/v1/event-definitions/:name",
    {
      schema: {
        ...describe({
          tag,
          summary: "Change the definition of an event",
          description: "Flows listen to names: one that listens to the old name does not hear the new one.",
        }),
        params: eventDefinitionParams,
        body: eventDefinitionChange,
        response: {
          200: eventDefinitionView,
          ...refusals({ hasBody: true, errors: [...notFound, "event_definition_exists"] }),
        },
      },
    },
    async (request) => {
      const { name: newName, ...change } = request.body;
      return changeEventDefinition(platform, callerOf(request), { ...change, newName, name: request.params.name });
    },
  );

  app.delete(
    "/v1/event-definitions/:name",
    {
      schema: {
        ...describe({ tag, summary: "Delete the definition of an event", description: "What was recorded stays." }),
        params: eventDefinitionParams,
        response: { 200: deletedDefinition, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => deleteEventDefinition(platform, callerOf(request), request.params),
  );
}

function serveReads(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/event-definitions",
    {
      schema: {
        ...describe({ tag, summary: "List the events" }),
        querystring: pageQuery,
        response: { 200: eventDefinitionPage, ...refusals({}) },
      },
    },
    async (request) => listEventDefinitions(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/event-definitions/:name",
    {
      schema: {
        ...describe({ tag, summary: "Read the definition of an event" }),
        params: eventDefinitionParams,
        response: { 200: eventDefinitionView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getEventDefinition(platform, callerOf(request), request.params),
  );
}
