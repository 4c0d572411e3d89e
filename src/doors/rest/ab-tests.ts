import { z } from "zod";
import { listAbTests, setWinner } from "../../operations/ab-tests.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { anyJson, idParams, pageOf } from "./schema.ts";

const figures = { variant: z.string(), participants: z.int(), wins: z.int() };
const winBy = z.union([
  z.enum(["opens", "clicks"]),
  z.object({ event: z.string(), where: anyJson.optional(), key: anyJson.optional() }),
  z.object({ step: z.string() }),
]);

const abTestView = z
  .object({
    step: z.string(),
    winBy,
    startedAt: z.date().nullable().describe("When the first contact took part; null before that."),
    variants: z.array(z.object({ ...figures, weight: z.int() })),
    winner: z.string().nullable(),
    decided: z
      .object({
        at: z.date(),
        by: z.string().describe("`engine`, or the name of the API key that chose."),
        figures: z.array(z.object(figures)),
      })
      .nullable()
      .describe("When and by whom the winner was decided, and the figures of that moment."),
  })
  .meta({ id: "AbTest" });

const winnerParams = z.object({ id: z.string().max(200), step: z.string().max(64) });
const winnerBody = z.strictObject({ variant: z.string().max(64) }).meta({ examples: [{ variant: "short-subject" }] });

/** The tests of variants in flows: how they stand, and a winner by hand. */
export function serveAbTests(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/flows/:id/ab-tests",
    {
      schema: {
        ...describe({
          tag: "Flows",
          summary: "List the A/B tests of a flow",
          description: "Those of its published version, with participants and wins of every variant.",
        }),
        params: idParams,
        response: { 200: pageOf(abTestView), ...refusals({ errors: ["flow_not_found"] }) },
      },
    },
    async (request) => listAbTests(platform, callerOf(request), request.params),
  );

  app.put(
    "/v1/flows/:id/ab-tests/:step/winner",
    {
      schema: {
        ...describe({
          tag: "Flows",
          summary: "Choose the winner of an A/B test",
          description: "Contacts that come to the step from now on take this variant.",
        }),
        params: winnerParams,
        body: winnerBody,
        response: { 200: abTestView, ...refusals({ errors: ["flow_not_found", "ab_test_not_found"], hasBody: true }) },
      },
    },
    async (request) => setWinner(platform, callerOf(request), { ...request.params, ...request.body }),
  );
}
