import type { Json, JsonObject } from "../json.ts";

/** The kinds of effect the engine can perform. Each has a file in engine/perform/. */
export type EffectKind = "http" | "email";

/**
 * Something a step asks the world to do. `data` holds the part of the scope that the step's templates read,
 * so that the effect can be performed later, and again after a crash, exactly as it was decided.
 */
export type EffectRequest = { kind: EffectKind; data: JsonObject; message?: NewMessageFacts };

/** What is known of a message before it is composed. An effect that carries this gets a message row of its own. */
export type NewMessageFacts = { channel: "email"; purpose: "transactional" | "marketing"; topic?: string };

/** The idempotency key of an effect: the same run, step and visit always give the same key, over any number of retries. */
export function effectKey(runId: string, step: string, visit: number): string {
  return `${runId}:${step}:${visit}`;
}

/** What came of an effect whose run waits for it. `result` is what `steps.<name>` shows from then on. */
export type EffectAnswer = { ok: boolean; result: Json };
