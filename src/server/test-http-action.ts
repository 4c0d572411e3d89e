import type { z } from "zod";
import { AppError } from "../core/errors.ts";
import { issuesOf } from "../core/issues.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { HttpPerformer } from "../engine/perform/http/http.ts";
import { newId } from "../operations/new-id.ts";
import { type Caller, type Platform, requireScope } from "../operations/platform.ts";
import { openSecrets } from "../operations/secrets.ts";
import type { HttpActionConfig } from "../steps/http-action/schema.ts";
import { stepKinds } from "../steps/index.ts";

export type HttpActionTest = { config: Json; sample: JsonObject };

/** Sends the request of an http-action step once, with sample data and the real secrets, and shows both sides with secrets hidden. */
export async function testHttpAction(
  { platform, http }: { platform: Platform; http: HttpPerformer },
  caller: Caller,
  { config, sample }: HttpActionTest,
): Promise<Json> {
  requireScope(caller, "flows:write");
  const secrets = await openSecrets(platform, caller.workspaceId);
  const data = {
    contact: {},
    event: {},
    run: { now: platform.now().toISOString() },
    steps: {},
    workspace: {},
    ...sample,
  };
  const { request, answer } = await http.testCall({
    config: readConfig(config),
    data,
    secrets,
    key: `test:${newId()}`,
  });
  return { request, ok: answer.ok, result: answer.result };
}

function readConfig(config: Json): HttpActionConfig {
  const kind = stepKinds["http-action"];
  if (!kind) throw new Error("There is no step kind http-action.");
  const parsed = kind.config.safeParse(config);
  const issues = parsed.success
    ? (kind.check?.(parsed.data, { stepNames: [] }) ?? [])
    : issuesOf(parsed.error as z.ZodError);
  if (issues.length > 0) {
    const placed = issues.map((issue) => ({ ...issue, path: issue.path ? `config.${issue.path}` : "config" }));
    throw new AppError("invalid_request", undefined, { issues: placed });
  }
  return parsed.data as HttpActionConfig;
}
