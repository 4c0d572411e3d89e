import type { IdentityKind } from "./contact.ts";
import { type IdentityInput, readIdentity, readProperties } from "./contact-input.ts";
import type { Issue } from "./errors.ts";
import { eventNameSchema } from "./flow/definition.ts";
import { issuesOf, joinPath } from "./issues.ts";
import type { JsonObject } from "./json.ts";
import { findJsonProblems } from "./json-problems.ts";

/** The largest payload of one event, in bytes of JSON. */
export const maxPayloadBytes = 256_000;

/** An event as a caller gives it: what happened, to whom, and what is known about it. */
export type EventInput = {
  name: string;
  contact: IdentityInput & { properties?: JsonObject | undefined };
  payload?: JsonObject | undefined;
  occurredAt?: Date | null | undefined;
  flowId?: string | undefined;
  entry?: string | undefined;
};

export type ReadEvent = {
  name: string;
  identity: Partial<Record<IdentityKind, string>>;
  properties: JsonObject;
  payload: JsonObject;
  occurredAt: Date | null;
  issues: Issue[];
};

/**
 * Where an event was read from: a JSON body of so many bytes, whose text `parseJson` has checked already. What it has checked is not
 * checked again, and nothing in a small body can be too large.
 */
export type EventOrigin = { path?: string; checkedBytes?: number | undefined };

/** Checks an event and brings its identities to their normal form. Issue paths begin with `path`. */
export function readEvent(input: EventInput, { path = "", checkedBytes }: EventOrigin = {}): ReadEvent {
  const at = (field: string) => joinPath(path, [field]);
  const checkText = checkedBytes === undefined;
  const { identity, issues } = readIdentity(input.contact, { path: at("contact") });
  const given = input.contact.properties;
  const properties = given ? readProperties(given, `${at("contact")}.properties`) : { properties: {}, issues: [] };
  const name = eventNameSchema.safeParse(input.name);
  const payload = input.payload ?? {};
  return {
    name: input.name,
    identity,
    properties: properties.properties,
    payload,
    occurredAt: input.occurredAt ?? null,
    issues: [
      ...(name.success ? [] : issuesOf(name.error, at("name"))),
      ...(checkText ? findJsonProblems(input.name, { checkText }) : []).map((issue) => ({
        ...issue,
        path: at("name"),
      })),
      ...issues,
      ...properties.issues,
      ...(checkText || checkedBytes > maxPayloadBytes ? payloadIssues(payload, at("payload")) : []),
      ...timeIssues(input.occurredAt, at("occurredAt")),
    ],
  };
}

/** What is wrong with a payload: its size, its depth, or text that cannot be kept. */
export function payloadIssues(payload: JsonObject, path: string): Issue[] {
  const problems = findJsonProblems(payload, { checkText: true }).map((issue) => ({
    ...issue,
    path: path === "" ? issue.path : `${path}.${issue.path}`,
  }));
  if (problems.length > 0) return problems;
  const text = JSON.stringify(payload);
  if (text.length * 3 <= maxPayloadBytes) return [];
  const { length } = new TextEncoder().encode(text);
  return length <= maxPayloadBytes
    ? []
    : [
        {
          path,
          message: `The payload of an event is at most ${maxPayloadBytes} bytes of JSON; this one has ${length}.`,
        },
      ];
}

function timeIssues(at: Date | null | undefined, path: string): Issue[] {
  if (!at) return [];
  const year = at.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? [] : [{ path, message: "must be an instant in the years 1970 to 9999" }];
}
