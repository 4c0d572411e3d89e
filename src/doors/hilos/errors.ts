import type { FastifyInstance } from "fastify";
import type { AppError, Issue } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { DoorContext } from "../door.ts";

/** Answers every error of the routes in this scope in the form of the Django REST framework, which this API is made with. */
export function answerErrors(app: FastifyInstance, { settleError }: DoorContext): void {
  app.setErrorHandler((error, request, reply) => {
    const known = settleError(error, request, reply);
    const { status, body } = wordError(known, request.headers.authorization !== undefined);
    if (status === 401) reply.header("www-authenticate", "Token");
    return reply.code(status).type("application/json").serializer(JSON.stringify).send(body);
  });
}

/** An error as this API words it. Which of the ways a key can be wrong it was is never said. */
export function wordError(error: AppError, showsKey: boolean): { status: number; body: JsonObject } {
  const { code, message, status } = error;
  if (code === "unauthorized")
    return say(401, showsKey ? "Invalid token." : "Authentication credentials were not provided.");
  if (code === "identity_taken") return { status: 400, body: { [fieldOf(String(error.detail["kind"]))]: [message] } };
  if (code === "invalid_request" && error.issues.length > 0) return { status: 400, body: wordIssues(error.issues) };
  if (code === "invalid_request" || code === "invalid_state") return say(400, message);
  if (code === "invalid_json") return say(400, `JSON parse error - ${message}`);
  if (code === "rate_limited")
    return say(429, `Request was throttled. Expected available in ${error.retryAfterSeconds ?? 1} seconds.`);
  if (status === 404) return say(404, String(error.detail["says"] ?? "Not found."));
  return say(status, message);
}

function say(status: number, detail: string) {
  return { status, body: { detail } };
}

/** Broken rules by field; those of a contact in a list stand at its place there, as `[{}, {"phone": [...]}]`. */
export function wordIssues(issues: readonly Issue[]): JsonObject {
  const body: Record<string, string[] | Record<string, string[]>[]> = {};
  for (const { path, message } of issues) {
    const [, place, rest = ""] = /^(?:contacts|contact_list)\[(\d+)\]\.?(.*)$/.exec(path) ?? [];
    if (place === undefined) add(body as Record<string, string[]>, fieldOf(path), message);
    else add(placeIn(body, Number(place)), fieldOf(rest), message);
  }
  return body as JsonObject;
}

function placeIn(body: Record<string, unknown>, place: number): Record<string, string[]> {
  const list = (body["contact_list"] ?? []) as Record<string, string[]>[];
  body["contact_list"] = list;
  while (list.length <= place) list.push({});
  return list[place] ?? {};
}

function add(fields: Record<string, string[]>, field: string, message: string): void {
  if (Array.isArray(fields[field])) fields[field].push(message);
  else fields[field] = [message];
}

const names: Record<string, string> = {
  "": "non_field_errors",
  externalId: "external_id",
  addTags: "tags",
  removeTags: "tags",
  contacts: "contact_list",
  variables: "flow_execution_variables",
  pageSize: "page_size",
  flowId: "flow",
  contactId: "contact",
  startListId: "flow_execution",
};
const ownProperties = /^properties\.(first_name|last_name|external_url|source|default_assignees)\b/;

function fieldOf(path: string): string {
  const own = ownProperties.exec(path)?.[1];
  if (own !== undefined) return own;
  const first = path.split(/[.[]/, 1)[0] ?? "";
  return first === "properties" ? "meta" : (names[first] ?? first);
}
