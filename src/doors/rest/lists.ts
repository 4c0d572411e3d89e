import { listMembers, setMembership } from "../../operations/list-members.ts";
import { createList, deleteList, getList, listLists, updateList } from "../../operations/lists.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import {
  countedList,
  listBody,
  listChange,
  listPage,
  listView,
  memberBody,
  memberPage,
  memberParams,
  memberQuery,
  membershipView,
} from "./lists-schema.ts";
import { deleted, idParams, pageQuery } from "./schema.ts";

const tag = "Lists";
const notFound = ["list_not_found"] as const;

/** Lists, and who is on them. */
export function serveLists(app: RestApp, context: RestContext): void {
  serveListWrites(app, context);
  serveListReads(app, context);
  serveMembers(app, context);
}

function serveListWrites(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  const about = { hasBody: true, isIdempotent: true, errors: ["list_exists"] } as const;
  app.post(
    "/v1/lists",
    {
      schema: {
        ...describe({ tag, summary: "Create a list", ...about }),
        body: listBody,
        response: { 201: listView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "create-list",
        status: 201,
        act: (within) => createList(within, callerOf(request), request.body),
      }),
  );

  app.patch(
    "/v1/lists/:id",
    {
      schema: {
        ...describe({ tag, summary: "Change a list" }),
        params: idParams,
        body: listChange,
        response: { 200: listView, ...refusals({ hasBody: true, errors: [...notFound, "list_exists"] }) },
      },
    },
    async (request) => updateList(platform, callerOf(request), { ...request.body, id: request.params.id }),
  );

  app.delete(
    "/v1/lists/:id",
    {
      schema: {
        ...describe({ tag, summary: "Delete a list", description: "Its members stay contacts." }),
        params: idParams,
        response: { 200: deleted, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => deleteList(platform, callerOf(request), request.params),
  );
}

function serveListReads(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/lists",
    {
      schema: {
        ...describe({ tag, summary: "List the lists" }),
        querystring: pageQuery,
        response: { 200: listPage, ...refusals({}) },
      },
    },
    async (request) => listLists(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/lists/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a list, with the number of its members" }),
        params: idParams,
        response: { 200: countedList, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getList(platform, callerOf(request), request.params),
  );
}

function serveMembers(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/lists/:id/members",
    {
      schema: {
        ...describe({ tag, summary: "List the members of a list" }),
        params: idParams,
        querystring: memberQuery,
        response: { 200: memberPage, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => listMembers(platform, callerOf(request), { ...request.query, listId: request.params.id }),
  );

  app.put(
    "/v1/lists/:id/members/:contactId",
    {
      schema: {
        ...describe({ tag, summary: "Subscribe or unsubscribe a contact" }),
        params: memberParams,
        body: memberBody,
        response: { 200: membershipView, ...refusals({ hasBody: true, errors: [...notFound, "contact_not_found"] }) },
      },
    },
    async (request) => {
      const { id, contactId } = request.params;
      return setMembership(platform, callerOf(request), { listId: id, contactId, state: request.body.state });
    },
  );
}
