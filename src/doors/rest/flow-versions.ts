import { diffVersions } from "../../operations/diff-versions.ts";
import { forecastFlow } from "../../operations/forecast-flow.ts";
import { migrateFlow } from "../../operations/migrate-flow.ts";
import { rollbackFlow } from "../../operations/rollback-flow.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import {
  diffQuery,
  diffView,
  forecastQuery,
  forecastView,
  migrationBody,
  migrationView,
  rollbackBody,
  rollbackView,
} from "./flow-versions-schema.ts";
import { withAddresses } from "./flows.ts";
import { idParams } from "./schema.ts";

const tag = "Flows";
const notFound = ["flow_not_found", "flow_version_not_found"] as const;

/** From one version to another: what differs, what it will set off, who goes along, and back. */
export function serveFlowVersions(app: RestApp, context: RestContext): void {
  serveReads(app, context);
  serveMigrations(app, context);
  serveRollback(app, context);
}

function serveReads(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/flows/:id/diff",
    {
      schema: {
        ...describe({ tag, summary: "What differs between two versions", description: "Either may be `draft`." }),
        params: idParams,
        querystring: diffQuery,
        response: { 200: diffView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => diffVersions(platform, callerOf(request), { ...request.params, ...request.query }),
  );

  app.get(
    "/v1/flows/:id/forecast",
    {
      schema: {
        ...describe({
          tag,
          summary: "What a resume or a publish will set off",
          description: "Who waits where, who moves at once, and how many messages are likely to follow.",
        }),
        params: idParams,
        querystring: forecastQuery,
        response: { 200: forecastView, ...refusals({ errors: ["flow_not_found", "invalid_flow", "invalid_state"] }) },
      },
    },
    async (request) => forecastFlow(platform, callerOf(request), { ...request.params, ...request.query }),
  );
}

function serveMigrations(app: RestApp, context: RestContext): void {
  const about = {
    hasBody: true,
    isIdempotent: true,
    errors: [...notFound, "invalid_migration", "invalid_state"],
  } as const;
  app.post(
    "/v1/flows/:id/migrations",
    {
      schema: {
        ...describe({
          tag,
          summary: "Move the runs of one version to another",
          description:
            "In the background. A step of the old version that the new one does not have under the same name and kind must be in `map`. Waits count from when the step was entered.",
          ...about,
        }),
        params: idParams,
        body: migrationBody,
        response: { 202: migrationView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "migrate-flow",
        status: 202,
        act: (within) => migrateFlow(within, context.callerOf(request), { ...request.body, id: request.params.id }),
      }),
  );
}

function serveRollback(app: RestApp, context: RestContext): void {
  const about = {
    hasBody: true,
    isIdempotent: true,
    errors: [...notFound, "invalid_flow", "invalid_state"],
  } as const;
  app.post(
    "/v1/flows/:id/rollback",
    {
      schema: {
        ...describe({
          tag,
          summary: "Publish an old version again",
          description: "Its definition becomes the next version, and the draft. Live runs stay where they are.",
          ...about,
        }),
        params: idParams,
        body: rollbackBody,
        response: { 200: rollbackView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "rollback-flow",
        status: 200,
        act: async (within) => {
          const input = { id: request.params.id, version: request.body.version };
          const done = await rollbackFlow(within, context.callerOf(request), input);
          return { ...done, flow: withAddresses(done.flow, context.addressOf) };
        },
      }),
  );
}
