import { type EffectAnswer, effectKey } from "../../core/flow/effect.ts";
import type { HttpResult } from "../../core/http-request.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import type { HttpPerformer } from "./http/http.ts";
import { type EffectPerformer, type Settlement, trailPlace } from "./performer.ts";

export type HttpEffectsOptions = {
  http: HttpPerformer;
  flows: FlowCache;
  /** The secrets of a workspace, opened. */
  secretsOf: (workspaceId: string) => Promise<Record<string, string>>;
  now: () => Date;
  random: () => number;
};

/** Performs HTTP actions: one attempt at a time, with retries given back to the outbox. */
export function createHttpEffects({ http, flows, secretsOf, now, random }: HttpEffectsOptions): EffectPerformer {
  return {
    kind: "http",
    concurrency: 512,
    async perform(effect) {
      const step = flows.version(effect.flowId, effect.version)?.steps.get(effect.step);
      const config = step?.kind.request?.(step.config);
      if (!(step && config)) return answered(effect, { ok: false, result: gone }, now());
      const performed = await http.perform({
        key: effectKey(effect.runId, effect.step, effect.visit),
        config,
        data: effect.data,
        secrets: await secretsOf(effect.workspaceId),
        attempt: effect.attempt + 1,
        priority: effect.priority,
        createdAt: effect.firstDueAt,
        now: now(),
        random: random(),
      });
      if (performed.kind === "answered") return answered(effect, performed.answer, now());
      const { at, reason, countsAsAttempt, detail } = performed;
      const trail = {
        ...trailPlace(effect, step.kind.name, now()),
        outcome: "retrying" as const,
        reason,
        detail: { ...detail, nextAttemptAt: at.toISOString() },
      };
      return { effect, next: { kind: "retry", attempt: effect.attempt + (countsAsAttempt ? 1 : 0), at }, trail };
    },
    giveUp: (effect) => answered(effect, { ok: false, result: givenUp(effect) }, now()),
    close: () => http.close(),
  };
}

const gone: HttpResult = {
  reason: "invalid_request",
  message: "The step is not in this version of the flow.",
  durationMs: 0,
  attempts: 0,
};

function givenUp({ attempt }: OutboxRow): JsonObject {
  return {
    reason: "internal_error",
    message: "The call could not be made; the log says why.",
    durationMs: 0,
    attempts: attempt,
  };
}

/** The answer goes to the run that waits for it; one that nobody waits for goes into the trail. */
function answered(effect: OutboxRow, answer: EffectAnswer, now: Date): Settlement {
  if (effect.awaited) return { effect, next: { kind: "answer", answer } };
  const result = isJsonObject(answer.result) ? answer.result : {};
  const { reason, status, message, url, durationMs, attempts } = result;
  const known = Object.entries({ status, message, url, durationMs, attempts }).filter(
    ([, value]) => value !== undefined,
  );
  const trail = {
    ...trailPlace(effect, "http", now),
    outcome: answer.ok ? ("performed" as const) : ("failed" as const),
    ...(typeof reason === "string" ? { reason } : {}),
    detail: Object.fromEntries(known) as JsonObject,
  };
  return { effect, next: { kind: "done" }, trail };
}
