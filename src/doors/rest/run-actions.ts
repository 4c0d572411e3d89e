import type { RunAction } from "../../core/flow/act-on-run.ts";
import { actOnRun, actOnRuns } from "../../operations/act-on-run.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { jobView } from "./jobs-schema.ts";
import { cancelBody, moveBody, runActionsBody, runView } from "./runs-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Runs";
const errors = ["run_not_found", "invalid_state"] as const;

const plain = [
  {
    kind: "retry",
    summary: "Retry a failed run",
    description:
      "It begins again at the step that failed; what the step asks for is asked anew, under a new idempotency key.",
  },
  {
    kind: "skip-wait",
    summary: "Cut the wait of a run short",
    description: "It leaves the step it waits on by the ordinary exit.",
  },
] as const;

/** What a person can do to one run, or to many. */
export function serveRunActions(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  const act = (request: Parameters<typeof callerOf>[0], id: string, action: RunAction) =>
    actOnRun(platform, callerOf(request), { id, action });
  for (const { kind, summary, description } of plain)
    app.post(
      `/v1/runs/:id/${kind}`,
      {
        schema: {
          ...describe({ tag, summary, description }),
          params: idParams,
          response: { 200: runView, ...refusals({ errors }) },
        },
      },
      async (request) => act(request, request.params.id, { kind }),
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
        response: { 200: runView, ...refusals({ hasBody: true, errors }) },
      },
    },
    async (request) => act(request, request.params.id, { kind: "cancel", note: request.body?.reason }),
  );

  app.post(
    "/v1/runs/:id/move",
    {
      schema: {
        ...describe({ tag, summary: "Move a run to another step of its version" }),
        params: idParams,
        body: moveBody,
        response: { 200: runView, ...refusals({ hasBody: true, errors }) },
      },
    },
    async (request) => act(request, request.params.id, { kind: "move", step: request.body.step }),
  );
  serveMany(app, context);
}

function serveMany(app: RestApp, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: ["flow_not_found"] } as const;
  app.post(
    "/v1/runs/actions",
    {
      schema: {
        ...describe({
          tag,
          summary: "Act on many runs",
          description: "On every run of a flow that fits the filter, in the background: the job says how far it is.",
          ...about,
        }),
        body: runActionsBody,
        response: { 202: jobView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "act-on-runs",
        status: 202,
        act: (within) => actOnRuns(within, context.callerOf(request), request.body),
      }),
  );
}
