import type { JsonObject } from "../../src/core/json.ts";
import { apiKey } from "./server.ts";

/** One call of the REST API. Throws with the whole answer unless it is a 2xx. */
export async function call(url: string, method: string, path: string, body?: unknown): Promise<JsonObject> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** Creates a flow and publishes it. Returns its id. */
export async function publishFlow(url: string, definition: JsonObject): Promise<string> {
  const { id } = await call(url, "POST", "/v1/flows", { definition });
  await call(url, "POST", `/v1/flows/${String(id)}/publish`, {});
  return String(id);
}
