import { z } from "zod";
import type { Json } from "../../core/json.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { anyJson, jsonObject } from "./schema.ts";

const body = z
  .strictObject({
    config: anyJson.describe("The configuration of an http-action step."),
    sample: z
      .strictObject({
        contact: jsonObject.exactOptional(),
        event: jsonObject.exactOptional(),
        run: jsonObject.exactOptional(),
        steps: jsonObject.exactOptional(),
        workspace: jsonObject.exactOptional(),
      })
      .optional()
      .describe("What the templates see."),
  })
  .meta({
    examples: [
      {
        config: { method: "GET", url: "https://api.example.com/tiers/{{ contact.email | url_encode }}" },
        sample: { contact: { email: "ada@example.com" } },
      },
    ],
  });

/** A test call of an HTTP action: it goes out for real, and changes nothing here. */
export function serveHttpActions(app: RestApp, { callerOf, testHttpAction }: RestContext): void {
  app.post(
    "/v1/http-actions/test",
    {
      schema: {
        ...describe({
          tag: "HTTP actions",
          summary: "Try an HTTP action",
          description:
            "Sends the request once with sample data, and shows what went out and what came back. Nothing is stored.",
        }),
        body,
        response: { 200: anyJson, ...refusals({ hasBody: true }) },
      },
    },
    async (request) => {
      const { config, sample } = request.body;
      return testHttpAction(callerOf(request), { config: config as Json, sample: sample ?? {} });
    },
  );
}
