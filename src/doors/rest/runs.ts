import { getRun, listRuns } from "../../operations/runs.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { runDetail, runPage, runQuery } from "./runs-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Runs";
const notFound = ["run_not_found"] as const;

/** Runs: listed, and read with their trail. */
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
}
