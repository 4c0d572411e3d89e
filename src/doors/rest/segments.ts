import {
  explainSegment,
  getSegment,
  listSegmentMembers,
  listSegments,
  previewSegment,
} from "../../operations/segment-reads.ts";
import { createSegment, deleteSegment, updateSegment } from "../../operations/segments.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { deleted, idParams, pageQuery } from "./schema.ts";
import {
  preview,
  previewBody,
  segmentBody,
  segmentChange,
  segmentContactParams,
  segmentExplanation,
  segmentMemberPage,
  segmentPage,
  segmentView,
} from "./segments-schema.ts";

const tag = "Segments";
const notFound = ["segment_not_found"] as const;

/** Segments: saved conditions over contacts, and who is in them. */
export function serveSegments(app: RestApp, context: RestContext): void {
  serveSegmentWrites(app, context);
  serveSegmentReads(app, context);
  serveSegmentMembers(app, context);
}

function serveSegmentWrites(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  const about = { hasBody: true, isIdempotent: true, errors: ["segment_exists", "invalid_state"] } as const;
  app.post(
    "/v1/segments",
    {
      schema: {
        ...describe({ tag, summary: "Create a segment", ...about }),
        body: segmentBody,
        response: { 201: segmentView, ...refusals(about) },
      },
    },
    async (request, reply) =>
      answerOnce(request, reply, {
        context,
        operation: "create-segment",
        status: 201,
        act: (within) => createSegment(within, callerOf(request), request.body),
      }),
  );

  app.patch(
    "/v1/segments/:id",
    {
      schema: {
        ...describe({
          tag,
          summary: "Change a segment",
          description: "Another definition is compared with all contacts in the background; `progress` says how far.",
        }),
        params: idParams,
        body: segmentChange,
        response: { 200: segmentView, ...refusals({ hasBody: true, errors: [...notFound, "segment_exists"] }) },
      },
    },
    async (request) => updateSegment(platform, callerOf(request), { ...request.body, id: request.params.id }),
  );

  app.delete(
    "/v1/segments/:id",
    {
      schema: {
        ...describe({ tag, summary: "Delete a segment", description: "Its members stay contacts." }),
        params: idParams,
        response: { 200: deleted, ...refusals({ errors: [...notFound, "segment_in_use"] }) },
      },
    },
    async (request) => deleteSegment(platform, callerOf(request), request.params),
  );
}

function serveSegmentReads(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/segments",
    {
      schema: {
        ...describe({ tag, summary: "List the segments" }),
        querystring: pageQuery,
        response: { 200: segmentPage, ...refusals({}) },
      },
    },
    async (request) => listSegments(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/segments/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a segment, with the number of its members" }),
        params: idParams,
        response: { 200: segmentView, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getSegment(platform, callerOf(request), request.params),
  );

  app.post(
    "/v1/segments/preview",
    {
      schema: {
        ...describe({ tag, summary: "Count the contacts of a definition, without storing it" }),
        body: previewBody,
        response: { 200: preview, ...refusals({ hasBody: true, errors: ["took_too_long"] }) },
      },
    },
    async (request) => previewSegment(platform, callerOf(request), request.body),
  );
}

function serveSegmentMembers(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/segments/:id/members",
    {
      schema: {
        ...describe({ tag, summary: "List the members of a segment" }),
        params: idParams,
        querystring: pageQuery,
        response: { 200: segmentMemberPage, ...refusals({ errors: notFound }) },
      },
    },
    async (request) =>
      listSegmentMembers(platform, callerOf(request), { ...request.query, segmentId: request.params.id }),
  );

  app.get(
    "/v1/segments/:id/members/:contactId",
    {
      schema: {
        ...describe({ tag, summary: "Is this contact in the segment, and why?" }),
        params: segmentContactParams,
        response: { 200: segmentExplanation, ...refusals({ errors: [...notFound, "contact_not_found"] }) },
      },
    },
    async (request) => {
      const { id, contactId } = request.params;
      return explainSegment(platform, callerOf(request), { segmentId: id, contactId });
    },
  );
}
