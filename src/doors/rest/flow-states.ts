import { archiveFlow, deleteFlow, pauseFlow, resumeFlow } from "../../operations/flow-state.ts";
import { flowCounts, getVersion, listVersions } from "../../operations/flow-versions.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { flowCountsView, flowSummary, versionPage, versionParams, versionView } from "./flows-schema.ts";
import { deleted, idParams } from "./schema.ts";

const tag = "Flows";
const notFound = ["flow_not_found"] as const;

const moves = [
  {
    name: "pause",
    act: pauseFlow,
    summary: "Pause a flow",
    description: "Lets nobody in until it is resumed. Live runs go on.",
  },
  { name: "resume", act: resumeFlow, summary: "Resume a flow", description: "Lets contacts in again." },
  {
    name: "archive",
    act: archiveFlow,
    summary: "Archive a flow",
    description: "It listens to nothing any more. Live runs go on.",
  },
];

/** The states of flows, their versions, and how many runs took which way. */
export function serveFlowStates(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  for (const { name, act, summary, description } of moves) {
    app.post(
      `/v1/flows/:id/${name}`,
      {
        schema: {
          ...describe({ tag, summary, description }),
          params: idParams,
          response: { 200: flowSummary, ...refusals({ errors: [...notFound, "invalid_state"] }) },
        },
      },
      async (request) => act(platform, callerOf(request), request.params),
    );
  }
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
          description: "By version: started, ended, and each exit of each step.",
        }),
        params: idParams,
        response: { 200: flowCountsView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => flowCounts(platform, callerOf(request), request.params),
  );
}
