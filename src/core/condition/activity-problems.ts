import { isUuid } from "../id.ts";
import { isJsonObject } from "../json.ts";
import { durationSchema } from "../time.ts";
import { messageTypes } from "./ast.ts";
import { conditionLimits } from "./limits.ts";
import { one, type Problem } from "./problem.ts";
import { isStorableText } from "./storable-text.ts";

type Leaf = Record<string, unknown>;

/** What is wrong with a leaf that asks for events, messages or a segment. The `where` of an event is not looked at. */
export function activityProblems(leaf: Leaf, form: "event" | "message" | "segment"): Problem[] {
  if (form === "segment") return isId(leaf.segment) ? [] : one('"segment" needs the id of a segment.', "segment");
  const own = form === "event" ? eventProblems(leaf) : messageProblems(leaf);
  return [...own, ...withinProblems(leaf.within), ...countProblems(leaf.count)];
}

function eventProblems({ event }: Leaf): Problem[] {
  return isText(event, 128) ? [] : one('"event" needs the name of an event, of 1 to 128 characters.', "event");
}

function messageProblems({ message, flow, step, link }: Leaf): Problem[] {
  const isKnown = messageTypes.some((type) => type === message);
  return [
    ...(isKnown ? [] : one(`"message" needs one of ${messageTypes.join(", ")}.`, "message")),
    ...(flow === undefined || isId(flow) ? [] : one('"flow" needs the id of a flow.', "flow")),
    ...(step === undefined || isText(step, 64) ? [] : one('"step" needs the name of a step.', "step")),
    ...(link === undefined || isText(link, 2048)
      ? []
      : one('"link" needs an address of 1 to 2048 characters.', "link")),
  ];
}

function withinProblems(value: unknown): Problem[] {
  if (value === undefined || durationSchema.safeParse(value).success) return [];
  return one('"within" needs a duration of at most ten years such as {"amount": 7, "unit": "days"}.', "within");
}

function countProblems(value: unknown): Problem[] {
  if (value === undefined) return [];
  const [[rule, number] = ["", null], ...more] = isJsonObject(value) ? Object.entries(value) : [];
  const least = rule === "atLeast" ? 1 : 0;
  const isRule = ["atLeast", "atMost", "exactly"].includes(rule) && more.length === 0;
  if (isRule && Number.isInteger(number) && Number(number) >= least && Number(number) <= conditionLimits.activity)
    return [];
  return one(
    `"count" needs exactly one of atLeast (from 1), atMost and exactly (from 0), with a whole number of at most ${conditionLimits.activity}.`,
    "count",
  );
}

function isId(value: unknown): boolean {
  return typeof value === "string" && isUuid(value);
}

function isText(value: unknown, length: number): boolean {
  return typeof value === "string" && value.length >= 1 && value.length <= length && isStorableText(value);
}
