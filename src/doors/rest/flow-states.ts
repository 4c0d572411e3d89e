import { archiveFlow, deleteFlow, pauseFlow, resumeFlow } from "../../operations/flow-state.ts";
import { flowCounts, getVersion, listVersions } from "../../operations/flow-versions.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import {
  flowCountsView,
  flowSummary,
  pauseBody,
  resumeBody,
  versionPage,
  versionParams,
  versionView,
} from "./flows-schema.ts";
import { deleted, idParams } from "./schema.ts";

const tag = "Flows";
const notFound = ["flow_not_found"] as const;

/** The states of flows, their versions, and how many runs took which way. */
export function serveFlowStates(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  servePause(app, context);
  app.post(
    "/v1/flows/:id/archive",
    {
      schema: {
        ...describe({
          tag,
          summary: "Archive a flow",
          description: "It listens to nothing any more. Live runs go on, unless they are held.",
        }),
        params: idParams,
        response: { 200: flowSummary, ...refusals({ errors: [...notFound, "invalid_state"] }) },
      },
    },
    async (request) => archiveFlow(platform, callerOf(request), request.params),
  );
  app.delete(
    "/v1/flows/:id",
    {
      schema: {
        ...describe({ tag, summary: "Delete a flow that was never published" }),
        params: idParams,
        response: { 200: deleted, ...refusals({ errors: [...notFound, "invalid_state"] }) },
      },
    },
    async (request) => deleteFlow(platform, callerOf(request), request.params),
  );
  serveVersions(app, context);
}

function servePause(app: RestApp, { platform, callerOf }: RestContext): void {
  const about = { hasBody: true, errors: [...notFound, "invalid_state"] } as const;
  app.post(
    "/v1/flows/:id/pause",
    {
      schema: {
        ...describe({
          tag,
          summary: "Pause a flow",
          description:
            "Lets nobody in until it is resumed. `drain`: live runs go on. `hold`: they stand still too; what falls due waits.",
        }),
        params: idParams,
        body: pauseBody,
        response: { 200: flowSummary, ...refusals(about) },
      },
    },
    async (request) => pauseFlow(platform, callerOf(request), { ...request.params, mode: request.body?.mode }),
  );

  app.post(
    "/v1/flows/:id/resume",
    {
      schema: {
        ...describe({
          tag,
          summary: "Resume a flow",
          description: "Lets contacts in again. After a hold, `overdue` says what becomes of what fell due meanwhile.",
        }),
        params: idParams,
        body: resumeBody,
        response: { 200: flowSummary, ...refusals(about) },
      },
    },
    async (request) => resumeFlow(platform, callerOf(request), { ...request.params, overdue: request.body?.overdue }),
  );
}

function serveVersions(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/flows/:id/versions",
    {
      schema: {
        ...describe({ tag, summary: "List the versions of a flow", description: "Newest first." }),
        params: idParams,
        response: { 200: versionPage, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => listVersions(platform, callerOf(request), request.params),
  );

  app.get(
    "/v1/flows/:id/versions/:version",
    {
      schema: {
        ...describe({ tag, summary: "Read a version of a flow" }),
        params: versionParams,
        response: { 200: versionView, ...refusals({ errors: [...notFound, "flow_version_not_found"] }) },
      },
    },
    async (request) => getVersion(platform, callerOf(request), request.params),
  );

  app.get(
    "/v1/flows/:id/counts",
    {
      schema: {
        ...describe({
          tag,
          summary: "Count the runs of a flow",
          description:
            "By version: started, ended, each exit of each step, and who stands where now. Kept with every step, not counted on read.",
        }),
        params: idParams,
        response: { 200: flowCountsView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => flowCounts(platform, callerOf(request), request.params),
  );
}
