import { z } from "zod";
import { variableTypes } from "../../core/event-variables.ts";
import { pageOf } from "./schema.ts";

const variables = z
  .array(z.strictObject({ name: z.string(), type: z.enum(variableTypes) }))
  .max(100)
  .describe("Texts have at most 255 characters, dates look like 2026-03-01, a structure is a list of objects.");

const token = z.string().optional().describe("32 hex digits; those of another system, when callers know them already.");
const account = z.number().describe("The number beside the token in the address; the workspace's own when left out.");

export const eventDefinitionBody = z
  .strictObject({
    name: z.string(),
    variables: variables.optional().describe("Left out: taken from the first call, with guessed types."),
    token,
    account: account.optional(),
  })
  .meta({ examples: [{ name: "registration", variables: [{ name: "product_price", type: "number" }] }] });

export const eventDefinitionChange = z
  .strictObject({
    name: z.string().optional(),
    variables: variables.nullable().optional().describe("Null: taken from the next call."),
    newToken: z.boolean().optional().describe("True: a new address; the old one ends within five seconds."),
    token,
    account: account.nullable().optional(),
  })
  .meta({ examples: [{ variables: [{ name: "product_price", type: "number" }] }] });

export const eventDefinitionParams = z.object({ name: z.string().max(512) });

export const eventDefinitionView = z
  .object({
    id: z.string(),
    number: z.number().describe("What other systems' APIs call it."),
    name: z.string(),
    token: z.string().describe("32 hex digits. Whoever has it can send this event."),
    account: z.number().nullable(),
    path: z.string().describe("Where calls without an API key go."),
    variables,
    learns: z.boolean().describe("Whether the variables are still to be taken from a call."),
    logClearedAt: z.date().nullable(),
    createdAt: z.date(),
    updatedAt: z.date(),
  })
  .meta({ id: "EventDefinition" });

export const eventDefinitionPage = pageOf(eventDefinitionView);
export const deletedDefinition = z.object({ name: z.string() });
export const clearedLog = z.object({ cleared: z.number().describe("How many logs.") });

const code = z.object({
  curl: z.string(),
  javascript: z.string(),
  typescript: z.string(),
  python: z.string().describe("With the library requests."),
  pythonStandardLibrary: z.string(),
  php: z.string().describe("With the extension curl."),
});

export const sampleCode = z.object({
  url: z.string().describe("Where calls without an API key go."),
  urlWithKey: z.string(),
  body: z.unknown().describe("What the samples send."),
  withoutKey: code.nullable().describe("Null where an API key is needed."),
  withKey: code.describe("YOUR_API_KEY stands for the key."),
});
