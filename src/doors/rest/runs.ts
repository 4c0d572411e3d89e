import { cancelRun } from "../../operations/cancel-run.ts";
import { getRun, listRuns } from "../../operations/runs.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { cancelBody, runDetail, runPage, runQuery, runView } from "./runs-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Runs";
const notFound = ["run_not_found"] as const;

/** Runs: listed, read with their trail, cancelled. */
export function serveRuns(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/runs",
    {
      schema: {
        ...describe({ tag, summary: "List runs", description: "Newest first." }),
        querystring: runQuery,
        response: { 200: runPage, ...refusals({}) },
      },
    },
    async (request) => listRuns(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/runs/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a run, with every step it took" }),
        params: idParams,
        response: { 200: runDetail, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getRun(platform, callerOf(request), request.params),
  );

  app.post(
    "/v1/runs/:id/cancel",
    {
      schema: {
        ...describe({
          tag,
          summary: "Cancel a run",
          description: "It ends where it stands; what it asked for and nobody has begun is not done.",
        }),
        params: idParams,
        body: cancelBody,
        response: { 200: runView, ...refusals({ hasBody: true, errors: [...notFound, "invalid_state"] }) },
      },
    },
    async (request) => cancelRun(platform, callerOf(request), { ...request.params, reason: request.body?.reason }),
  );
}
