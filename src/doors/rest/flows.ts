import type { FastifyRequest } from "fastify";
import type { Json } from "../../core/json.ts";
import type { FlowView } from "../../operations/flow-view.ts";
import { checkFlow, createFlow, getFlow, listFlows, updateFlow } from "../../operations/flows.ts";
import { publishFlow } from "../../operations/publish-flow.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { flowBody, flowPage, flowQuery, flowView, publishBody, validity } from "./flows-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Flows";
const notFound = ["flow_not_found"] as const;

/** Flows: drafted, checked, published, read. */
export function serveFlows(app: RestApp, context: RestContext): void {
  serveDrafts(app, context);
  servePublish(app, context);
  serveFlowReads(app, context);
}

function serveDrafts(app: RestApp, context: RestContext): void {
  const { platform, callerOf, addressOf } = context;
  const about = { hasBody: true, isIdempotent: true } as const;
  app.post(
    "/v1/flows",
    {
      schema: {
        ...describe({
          tag,
          summary: "Create a flow",
          description: "A draft may be unfinished; `issues` says what is missing. Publish it to start it.",
          ...about,
        }),
        body: flowBody,
        response: { 201: flowView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "create-flow",
        status: 201,
        act: async (within) =>
          withAddresses(await createFlow(within, callerOf(request), definitionIn(request)), addressOf),
      }),
  );

  app.put(
    "/v1/flows/:id",
    {
      schema: {
        ...describe({ tag, summary: "Replace the draft of a flow", description: "What is published stays as it is." }),
        params: idParams,
        body: flowBody,
        response: { 200: flowView, ...refusals({ hasBody: true, errors: [...notFound, "invalid_state"] }) },
      },
    },
    async (request) =>
      withAddresses(
        await updateFlow(platform, callerOf(request), { ...definitionIn(request), id: request.params.id }),
        addressOf,
      ),
  );

  app.post(
    "/v1/flows/validate",
    {
      schema: {
        ...describe({
          tag,
          summary: "Check a flow",
          description: "Says what is wrong, naming node and field. Stores nothing.",
        }),
        body: flowBody,
        response: { 200: validity, ...refusals({ hasBody: true }) },
      },
    },
    async (request) => checkFlow(platform, callerOf(request), definitionIn(request)),
  );
}

function servePublish(app: RestApp, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: [...notFound, "invalid_flow", "invalid_state"] } as const;
  app.post(
    "/v1/flows/:id/publish",
    {
      schema: {
        ...describe({
          tag,
          summary: "Publish a flow",
          description:
            "The draft, or the definition given, becomes the next version. New runs use it; live runs stay on theirs.",
          ...about,
        }),
        params: idParams,
        body: publishBody,
        response: { 200: flowView, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const input = { id: request.params.id, definition: request.body?.definition as Json | undefined };
      return answerOnce(request, reply, {
        context,
        operation: "publish-flow",
        status: 200,
        act: async (within) =>
          withAddresses(await publishFlow(within, context.callerOf(request), input), context.addressOf),
      });
    },
  );
}

function serveFlowReads(app: RestApp, { platform, callerOf, addressOf }: RestContext): void {
  app.get(
    "/v1/flows",
    {
      schema: {
        ...describe({ tag, summary: "List flows", description: "Newest first." }),
        querystring: flowQuery,
        response: { 200: flowPage, ...refusals({}) },
      },
    },
    async (request) => listFlows(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/flows/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a flow", description: "By id or number." }),
        params: idParams,
        response: { 200: flowView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => withAddresses(await getFlow(platform, callerOf(request), request.params), addressOf),
  );
}

function definitionIn(request: FastifyRequest<{ Body: { definition: unknown } }>): { definition: Json } {
  return { definition: request.body.definition as Json };
}

/** The flow with the whole addresses of its incoming calls. */
export function withAddresses(flow: FlowView, addressOf: RestContext["addressOf"]) {
  return {
    ...flow,
    incomingCalls: flow.incomingCalls.map((call) => ({ ...call, url: addressOf(`/in/${call.token}`) })),
  };
}
