import { z } from "zod";
import { conditionSchema } from "../../core/condition/condition.ts";
import { conditionLimits } from "../../core/condition/limits.ts";
import { aboutRunFields } from "../../core/flow/about-run.ts";
import { eventNameSchema, slugSchema } from "../../core/flow/definition.ts";
import { untilDateSchema } from "../../core/flow/wait-until.ts";
import type { Json } from "../../core/json.ts";
import { plainText } from "../../core/message/plain-text.ts";
import { propertyNameSchema } from "../../core/property-name.ts";
import { durationSchema, instantSchema } from "../../core/time.ts";

const ownExits = ["timeout", "missing"];
const exitSchema = slugSchema.refine((name) => !ownExits.includes(name), "is the name of an exit of the step's own");

const valueSchema: z.ZodType<Json> = z
  .json()
  .refine(
    (value) => JSON.stringify(value).length <= conditionLimits.valueLength,
    `must be at most ${conditionLimits.valueLength} characters of JSON`,
  );

const wordsSchema = z
  .array(
    z
      .string()
      .max(100)
      .refine((word) => plainText(word) !== "", "must not be empty"),
  )
  .min(1)
  .max(50);
const replySchema = z.union([
  z.literal("any"),
  z.strictObject({ is: wordsSchema }),
  z.strictObject({ contains: wordsSchema }),
]);

const eventItem = z.strictObject({ exit: exitSchema, event: eventNameSchema, ...aboutRunFields });
const replyItem = z.strictObject({
  exit: exitSchema,
  reply: replySchema,
  channel: z.enum(["email", "whatsapp", "sms"]).optional(),
  ...aboutRunFields,
});
const propertyItem = z.strictObject({
  exit: exitSchema,
  property: propertyNameSchema,
  to: valueSchema.optional(),
  ...aboutRunFields,
});
const conditionItem = z.strictObject({ exit: exitSchema, when: conditionSchema });

const timeoutSchema = z.union([
  z.strictObject({ after: durationSchema }),
  z.strictObject({ until: instantSchema }),
  z.strictObject({ untilDate: untilDateSchema }),
]);

const restartSchema = z.strictObject({ event: eventNameSchema, ...aboutRunFields });

/** What is waited for, each with the exit it leads to; the first that comes counts. `restartOn` begins the timeout's span anew. */
export const waitForConfig = z
  .strictObject({
    for: z
      .array(z.union([eventItem, replyItem, propertyItem, conditionItem]))
      .min(1)
      .max(20),
    timeout: timeoutSchema.optional(),
    restartOn: z.array(restartSchema).max(20).default([]),
  })
  .refine(({ timeout, restartOn }) => restartOn.length === 0 || (timeout !== undefined && "after" in timeout), {
    path: ["restartOn"],
    error: "begins a span anew, and there is no timeout with one (after)",
  });

export type WaitForConfig = z.output<typeof waitForConfig>;
export type Awaited = WaitForConfig["for"][number];
export type Restart = z.output<typeof restartSchema>;
export type Reply = z.output<typeof replySchema>;
