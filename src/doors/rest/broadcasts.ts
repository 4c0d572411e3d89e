import {
  cancelBroadcast,
  getBroadcast,
  listBroadcasts,
  pauseBroadcast,
  resumeBroadcast,
} from "../../operations/broadcasts.ts";
import { startFlow } from "../../operations/start-flow.ts";
import { answerOnce } from "./answer-once.ts";
import {
  audienceStarted,
  broadcastPage,
  broadcastQuery,
  broadcastView,
  contactsStarted,
  startBody,
} from "./broadcasts-schema.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { idParams } from "./schema.ts";

const tag = "Broadcasts";
const notFound = ["broadcast_not_found"] as const;

const moves = [
  {
    name: "cancel",
    act: cancelBroadcast,
    summary: "Cancel a broadcast",
    description: "Nobody else is put in line. Those in line start.",
  },
  {
    name: "pause",
    act: pauseBroadcast,
    summary: "Pause a broadcast",
    description: "Nobody is put in line until it is resumed.",
  },
  { name: "resume", act: resumeBroadcast, summary: "Resume a broadcast", description: "It goes on where it stood." },
];

/** Starting flows for contacts and audiences, and the broadcasts that come of it. */
export function serveBroadcasts(app: RestApp, context: RestContext): void {
  serveStart(app, context);
  serveBroadcastReads(app, context);
  for (const { name, act, summary, description } of moves) {
    app.post(
      `/v1/broadcasts/:id/${name}`,
      {
        schema: {
          ...describe({ tag, summary, description }),
          params: idParams,
          response: { 200: broadcastView, ...refusals({ errors: [...notFound, "invalid_state"] }) },
        },
      },
      async (request) => act(context.platform, context.callerOf(request), request.params),
    );
  }
}

function serveStart(app: RestApp, context: RestContext): void {
  const about = {
    hasBody: true,
    isIdempotent: true,
    errors: ["flow_not_found", "contact_not_found", "invalid_state"],
  } as const;
  app.post(
    "/v1/flows/:id/start",
    {
      schema: {
        ...describe({
          tag,
          summary: "Start a flow",
          description:
            "For exactly one of `contact`, `contacts`, `list`, `segment` and `where`. Contacts are answered with an event each, which says what it did; an audience with a broadcast.",
          ...about,
        }),
        params: idParams,
        body: startBody,
        response: { 200: contactsStarted, 202: audienceStarted, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const { contact, contacts } = request.body;
      return answerOnce(request, reply, {
        context,
        operation: "start-flow",
        status: contact || contacts ? 200 : 202,
        act: (within) => startFlow(within, context.callerOf(request), { ...request.body, id: request.params.id }),
      });
    },
  );
}

function serveBroadcastReads(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/broadcasts",
    {
      schema: {
        ...describe({ tag, summary: "List broadcasts", description: "Newest first." }),
        querystring: broadcastQuery,
        response: { 200: broadcastPage, ...refusals({}) },
      },
    },
    async (request) => listBroadcasts(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/broadcasts/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a broadcast", description: "How far it is, and why it stopped." }),
        params: idParams,
        response: { 200: broadcastView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getBroadcast(platform, callerOf(request), request.params),
  );
}
