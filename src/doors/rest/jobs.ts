import { cancelJob, getJob, listJobs } from "../../operations/jobs.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { jobPage, jobQuery, jobView } from "./jobs-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Jobs";
const notFound = ["job_not_found"] as const;

/** Work over many runs in the background: how far it is, and its end before its time. */
export function serveJobs(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/jobs",
    {
      schema: {
        ...describe({ tag, summary: "List jobs", description: "Newest first." }),
        querystring: jobQuery,
        response: { 200: jobPage, ...refusals({}) },
      },
    },
    async (request) => listJobs(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/jobs/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a job, with its progress" }),
        params: idParams,
        response: { 200: jobView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getJob(platform, callerOf(request), request.params),
  );

  app.post(
    "/v1/jobs/:id/cancel",
    {
      schema: {
        ...describe({ tag, summary: "Cancel a job", description: "It ends where it is; what it did stays done." }),
        params: idParams,
        response: { 200: jobView, ...refusals({ errors: [...notFound, "invalid_state"] }) },
      },
    },
    async (request) => cancelJob(platform, callerOf(request), request.params),
  );
}
