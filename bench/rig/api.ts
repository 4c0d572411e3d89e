import type { JsonObject } from "../../src/core/json.ts";
import { apiKey } from "./server.ts";

/** Creates a flow and publishes it. Returns its id. */
export async function publishFlow(url: string, definition: JsonObject): Promise<string> {
  const { id } = await post(url, "/v1/flows", { definition });
  await post(url, `/v1/flows/${String(id)}/publish`, {});
  return String(id);
}

/** Defines an event. Returns the path of its address without a key. */
export async function defineEvent(url: string, definition: JsonObject): Promise<string> {
  const { path } = await post(url, "/v1/event-definitions", definition);
  return String(path);
}

/** Posts to the REST API. Throws with the whole answer unless it is a 2xx. */
export async function post(url: string, path: string, body: JsonObject): Promise<JsonObject> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}
