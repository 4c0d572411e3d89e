import { evaluate } from "../../core/condition/condition.ts";
import { equalJson } from "../../core/equal-json.ts";
import { isAboutRun } from "../../core/flow/about-run.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { Occurrence, StepContext } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { plainText } from "../../core/message/plain-text.ts";
import type { Awaited, Reply, Restart } from "./schema.ts";

/** The name of the event by which something that is waited for comes. */
export function nameOf(item: Awaited | Restart): string {
  if ("event" in item) return item.event;
  if ("reply" in item) return occurrenceName.inbound;
  return "property" in item ? occurrenceName.property(item.property) : occurrenceName.contactChanged;
}

/** True when the occurrence is what `item` waits for. In its condition, `event` is what came and `run.event` what started the run. */
export function matches(item: Awaited | Restart, occurrence: Occurrence, { scope, now }: StepContext): boolean {
  if (nameOf(item) !== occurrence.name) return false;
  if ("when" in item) return evaluate(item.when, scope, now);
  if ("reply" in item && !isReply(item, occurrence.payload)) return false;
  if ("property" in item && !isChange(item, occurrence.payload)) return false;
  return isAboutRun(item, occurrence.payload, { scope, now });
}

function isReply({ reply, channel }: { reply: Reply; channel?: string | undefined }, payload: JsonObject): boolean {
  if (channel !== undefined && payload["channel"] !== channel) return false;
  if (reply === "any") return true;
  const { text } = payload;
  const said = plainText(typeof text === "string" ? text : "");
  return "is" in reply
    ? reply.is.some((word) => plainText(word) === said)
    : reply.contains.some((word) => said.includes(plainText(word)));
}

/** A value set to what it was is no change. */
function isChange(
  { to }: { to?: JsonObject[string] | undefined },
  { before = null, after = null }: JsonObject,
): boolean {
  return to === undefined ? !equalJson(before, after) : equalJson(after, to) && !equalJson(before, after);
}
