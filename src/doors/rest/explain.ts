import { z } from "zod";
import { explainFlow } from "../../operations/explain-flow.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { anyJson } from "./schema.ts";

const query = z.strictObject({
  contact: z.string().max(64).describe("Id of the contact."),
  flow: z.string().max(64).describe("Id of the flow."),
});

/** Why a contact did, or did not, enter a flow. */
export function serveExplain(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/explain",
    {
      schema: {
        ...describe({
          tag: "Explain",
          summary: "Why did this contact (not) enter this flow?",
          description: "Everything on record that bears on it, and a sentence for each fact.",
        }),
        querystring: query,
        response: { 200: anyJson, ...refusals({ errors: ["contact_not_found", "flow_not_found"] }) },
      },
    },
    async (request) =>
      explainFlow(platform, callerOf(request), { contactId: request.query.contact, flowId: request.query.flow }),
  );
}
