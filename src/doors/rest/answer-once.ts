import type { FastifyReply, FastifyRequest } from "fastify";
import type { Platform } from "../../operations/platform.ts";
import { withIdempotency } from "../../operations/with-idempotency.ts";
import { idempotencyOf } from "../idempotency.ts";
import type { RestContext } from "./context.ts";

type Once<Answer> = {
  context: RestContext;
  /** Tells the keys of one operation from those of another. */
  operation: string;
  status: number;
  /** Does the work on the platform it is given, so that the work and the memory of the answer are one commit. */
  act: (platform: Platform) => Promise<Answer>;
  /** What a repeat is answered, where it is less than the first answer: a secret that is shown once is not kept. */
  remember?: (answer: Answer) => Answer;
};

/** Does what a request asks, or, when its Idempotency-Key was used for the same request before, answers as then. */
export async function answerOnce<Answer>(
  request: FastifyRequest,
  reply: FastifyReply,
  { context, operation, status, act, remember = (answer) => answer }: Once<Answer>,
): Promise<Answer> {
  const idempotency = idempotencyOf(request, context);
  reply.code(status);
  if (!idempotency) return act(context.platform);
  const { workspaceId } = context.callerOf(request);
  const first: { answer?: Answer } = {};
  const kept = await withIdempotency(context.platform, { workspaceId, operation, ...idempotency }, async (platform) => {
    first.answer = await act(platform);
    return { status, response: remember(first.answer) };
  });
  reply.code(kept.status);
  if (!kept.replayed && first.answer !== undefined) return first.answer;
  reply.header("idempotent-replayed", "true");
  return kept.response as Answer;
}
