import { isJsonObject, type Json } from "../json.ts";
import { headersOf, type SampleRequest } from "./sample-request.ts";

/** The call in PHP 7 and later, with its extension curl. */
export function phpSample(request: SampleRequest): string {
  const headers = headersOf(request).map(([name, value]) => `${name}: ${value}`);
  return `<?php

$body = ${literal(request.body, 0)};

$curl = curl_init();
curl_setopt_array($curl, [
    CURLOPT_URL => ${text(request.url)},
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POST => true,
    CURLOPT_POSTFIELDS => json_encode($body),
    CURLOPT_HTTPHEADER => ${literal(headers, 1)},
    CURLOPT_TIMEOUT => 10,
]);
$response = curl_exec($curl);
if ($response === false) {
    throw new RuntimeException(curl_error($curl));
}
$status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
if ($status < 200 || $status > 299) {
    throw new RuntimeException($status . ': ' . $response);
}
print_r(json_decode($response, true));
`;
}

/** Within single quotes PHP knows two escapes and no variables. */
function text(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function literal(value: Json, depth: number): string {
  const inner = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${literal(item, depth + 1)},\n`);
    return items.length === 0 ? "[]" : `[\n${items.join("")}${end}]`;
  }
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, item]) => `${inner}${text(name)} => ${literal(item, depth + 1)},\n`);
  // An empty array would be written as a list.
  return fields.length === 0 ? "new stdClass()" : `[\n${fields.join("")}${end}]`;
}
