import { isJsonObject, type Json } from "../json.ts";
import { headersOf, type SampleRequest } from "./sample-request.ts";

/** The call in Python 3, with the library requests. */
export function requestsSample(request: SampleRequest): string {
  return `import requests

response = requests.post(
    ${text(request.url)},
    headers=${literal(Object.fromEntries(headersOf(request)), 1)},
    json=${literal(request.body, 1)},
    timeout=10,
)
response.raise_for_status()
print(response.json())
`;
}

/** The call in Python 3, with nothing to install. */
export function pythonSample(request: SampleRequest): string {
  return `import json
import urllib.request

body = ${literal(request.body, 0)}
request = urllib.request.Request(
    ${text(request.url)},
    data=json.dumps(body).encode("utf-8"),
    headers=${literal(Object.fromEntries(headersOf(request)), 1)},
    method="POST",
)
with urllib.request.urlopen(request, timeout=10) as response:
    print(json.load(response))
`;
}

/** The escapes of JSON mean the same in a Python string. */
function text(value: string): string {
  return JSON.stringify(value);
}

function literal(value: Json, depth: number): string {
  const inner = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${literal(item, depth + 1)},\n`);
    return items.length === 0 ? "[]" : `[\n${items.join("")}${end}]`;
  }
  if (!isJsonObject(value)) return "None";
  const fields = Object.entries(value).map(([name, item]) => `${inner}${text(name)}: ${literal(item, depth + 1)},\n`);
  return fields.length === 0 ? "{}" : `{\n${fields.join("")}${end}}`;
}
