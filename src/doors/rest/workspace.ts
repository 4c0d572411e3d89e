import { z } from "zod";
import { isTimeZone } from "../../core/time.ts";
import { workspaceSettingsSchema } from "../../core/workspace-settings.ts";
import { changeWorkspace, getWorkspace } from "../../operations/workspace.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";

const tag = "Workspace";

const example = {
  timeZone: "Europe/Rome",
  settings: {
    quietHours: { from: "21:00", to: "08:00", action: "hold" },
    frequencyCaps: [{ count: 3, hours: 168, channel: "email" }],
    transportRates: { smtp: { count: 50, per: "second" } },
  },
};

const body = z
  .strictObject({
    name: z.string().trim().min(1).max(200).optional(),
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, "must be a time zone such as Europe/Rome")
      .optional()
      .describe("The zone of contacts that have none of their own."),
    settings: workspaceSettingsSchema.optional().describe("Replaced as a whole; what is not given has its default."),
  })
  .meta({ examples: [example] });

const view = z
  .object({
    id: z.string(),
    automationId: z.string().describe("Names the workspace in Chatfuel's API."),
    name: z.string(),
    timeZone: z.string(),
    settings: workspaceSettingsSchema,
  })
  .meta({ id: "Workspace" });

/** The workspace of the key: name, zone, and the settings that hold for all of its flows. */
export function serveWorkspace(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/workspace",
    {
      schema: { ...describe({ tag, summary: "Read the workspace" }), response: { 200: view, ...refusals({}) } },
    },
    async (request) => getWorkspace(platform, callerOf(request)),
  );

  app.put(
    "/v1/workspace",
    {
      schema: {
        ...describe({
          tag,
          summary: "Change the workspace",
          description: "Fields that are absent stay as they are. Messages go by new rules within seconds.",
        }),
        body,
        response: { 200: view, ...refusals({ hasBody: true }) },
      },
    },
    async (request) => changeWorkspace(platform, callerOf(request), request.body),
  );
}
