import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { headersOf, indent, type SampleRequest } from "./sample-request.ts";

/** The call as a JavaScript module, for Node.js and browsers. */
export function javascriptSample(request: SampleRequest): string {
  return `const body = ${literal(request.body)};\n\n${callOf(request)}console.log(await response.json());\n`;
}

/** The same in TypeScript, with the type of what is sent. */
export function typescriptSample(request: SampleRequest): string {
  const type = `type EventBody = ${typeOf(request.body)};\n\n`;
  const body = `const body: EventBody = ${literal(request.body)};\n\n`;
  return `${type}${body}${callOf(request)}const answer: unknown = await response.json();\nconsole.log(answer);\n\nexport {};\n`;
}

function callOf(request: SampleRequest): string {
  const headers = Object.fromEntries(headersOf(request));
  return `const response = await fetch(${JSON.stringify(request.url)}, {
  method: "POST",
  headers: ${indent(literal(headers), 2)},
  body: JSON.stringify(body),
});
if (!response.ok) throw new Error(\`\${response.status}: \${await response.text()}\`);
`;
}

/** JSON is JavaScript since ECMAScript 2019, but for one name, which would set a prototype: in brackets it is a name like others. */
function literal(value: Json): string {
  return JSON.stringify(value, null, 2).replace(/^( *)"__proto__":/gm, '$1["__proto__"]:');
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `${value.length === 0 ? "unknown" : typeOf(value[0] as Json)}[]`;
  return isJsonObject(value) ? objectType(value) : typeof value;
}

function objectType(value: JsonObject): string {
  const fields = Object.entries(value).map(
    ([name, inner]) => `\n  ${JSON.stringify(name)}: ${indent(typeOf(inner), 2)};`,
  );
  return `{${fields.join("")}\n}`;
}
