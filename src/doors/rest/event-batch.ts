import { AppError, type Issue } from "../../core/errors.ts";
import type { EventInput } from "../../core/event-input.ts";
import { issuesOf, joinPath } from "../../core/issues.ts";
import { type EventResult, recordEvents } from "../../operations/accept-events.ts";
import type { Caller } from "../../operations/platform.ts";
import { idempotencyOf } from "../idempotency.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { type BatchResult, batchBody, batchResult, eventBody } from "./events-schema.ts";
import { readEventBody } from "./read-event-body.ts";

type Result = BatchResult["results"][number];

/** The input of `recordEvents` for one item, or what is wrong with the item. */
type ReadItem = { ok: true; event: EventInput } | { ok: false; issues: Issue[] };

/** Up to 1,000 events in one request, each accepted or rejected by itself. */
export function serveEventBatch(app: RestApp, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: ["overloaded"] } as const;
  app.post(
    "/v1/events/batch",
    {
      schema: {
        ...describe({
          tag: "Events",
          summary: "Record up to 1,000 events",
          description:
            "Each event is accepted or rejected by itself, in order; the accepted ones are committed together. 202 when at least one was accepted, 422 with every broken field when none was.",
          ...about,
        }),
        body: batchBody,
        response: { 202: batchResult, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const caller = context.callerOf(request);
      const items = await Promise.all(request.body.events.map((item) => readItem(item, { context, caller })));
      const { results, replayed } = await recordEvents(context.platform, caller, {
        events: items.flatMap((item) => (item.ok ? [item.event] : [])),
        idempotency: idempotencyOf(request, context),
        partial: true,
        path: "",
        checkedBytes: Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY),
      });
      const answer = summarize(items, results);
      if (answer.accepted === 0)
        throw new AppError("invalid_request", "No event of the batch could be accepted.", { issues: issuesIn(answer) });
      reply.code(202);
      if (replayed) reply.header("idempotent-replayed", "true");
      else context.countEvents(answer.accepted);
      return answer;
    },
  );
}

async function readItem(
  item: unknown,
  { context, caller }: { context: RestContext; caller: Caller },
): Promise<ReadItem> {
  const parsed = eventBody.safeParse(item);
  if (!parsed.success) return { ok: false, issues: issuesOf(parsed.error) };
  try {
    return { ok: true, event: await readEventBody(parsed.data, { platform: context.platform, caller }) };
  } catch (error) {
    if (error instanceof AppError && error.code === "flow_not_found")
      return { ok: false, issues: [{ path: "flow", message: error.message }] };
    throw error;
  }
}

/** Joins what was read with what was recorded. Paths begin where the item is in the request. */
function summarize(items: readonly ReadItem[], recorded: readonly EventResult[]): BatchResult {
  const next = recorded.values();
  const results = items.map((item, index): Result => {
    if (!item.ok) return reject(index, item.issues);
    const result = next.next().value as EventResult;
    return result.status === "accepted" ? result : reject(index, result.issues);
  });
  const accepted = results.filter(({ status }) => status === "accepted").length;
  return { accepted, rejected: results.length - accepted, results };
}

function reject(index: number, issues: readonly Issue[]): Result {
  const root = joinPath("events", [index]);
  return {
    status: "rejected",
    issues: issues.map((issue) => ({ ...issue, path: issue.path === "" ? root : `${root}.${issue.path}` })),
  };
}

function issuesIn({ results }: BatchResult): Issue[] {
  return results.flatMap((result) => (result.status === "rejected" ? result.issues : [])).slice(0, 200);
}
