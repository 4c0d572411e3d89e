import type { Issue } from "../../core/errors.ts";
import { type HttpPart, headerList } from "../../core/http-request.ts";
import { checkJson, jsonTemplates } from "../../core/template/render-json.ts";
import { checkTemplate, type TemplateMode } from "../../core/template/template.ts";
import type { HttpActionConfig } from "./schema.ts";

type Place = { path: string; source: string; mode: TemplateMode };

const extraRoots = ["secrets"];

/** Every template of the request: what has to be picked from the scope so that it can be sent later. */
export function requestTemplates(config: HttpActionConfig): string[] {
  return [...places(config).map(({ source }) => source), ...jsonTemplates(jsonBody(config))];
}

/** What is wrong with the templates of the request; paths are relative to the configuration. */
export function checkRequestTemplates(config: HttpActionConfig): Issue[] {
  const issues = places(config).flatMap(({ path, source, mode }) => checkTemplate(source, mode, { path, extraRoots }));
  return [...issues, ...checkJson(jsonBody(config), { path: "body.value", extraRoots })];
}

function jsonBody({ body }: HttpActionConfig) {
  if (body.kind === "json" || body.kind === "yaml") return body.value;
  return body.kind === "xml" && typeof body.value !== "string" ? body.value : null;
}

function places(config: HttpActionConfig): Place[] {
  const isList = Array.isArray(config.headers);
  return [
    { path: "url", source: config.url, mode: "url" },
    ...headerList(config.headers).map(
      ({ name, value }, index): Place => ({
        path: isList ? `headers[${index}].value` : `headers.${name}`,
        source: value,
        mode: "header",
      }),
    ),
    ...pairPlaces("query", config.query),
    ...bodyPlaces(config.body),
  ];
}

function bodyPlaces(body: HttpActionConfig["body"]): Place[] {
  if (body.kind === "form") return pairPlaces("body.fields", body.fields);
  if (body.kind === "multipart") return body.parts.flatMap((part, index) => partPlaces(`body.parts[${index}]`, part));
  if (body.kind === "text") return [{ path: "body.value", source: body.value, mode: "text" }];
  if (body.kind === "xml" && typeof body.value === "string")
    return [{ path: "body.value", source: body.value, mode: "html" }];
  return [];
}

function pairPlaces(path: string, pairs: { name: string; value: string }[]): Place[] {
  return pairs.flatMap(({ name, value }, index): Place[] => [
    { path: `${path}[${index}].name`, source: name, mode: "text" },
    { path: `${path}[${index}].value`, source: value, mode: "text" },
  ]);
}

function partPlaces(path: string, part: HttpPart): Place[] {
  return Object.entries(part).flatMap(([field, source]): Place[] => {
    if (source === undefined) return [];
    return [
      { path: `${path}.${field}`, source, mode: field === "url" ? "url" : field === "contentType" ? "header" : "text" },
    ];
  });
}
