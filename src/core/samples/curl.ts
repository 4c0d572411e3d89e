import { headersOf, type SampleRequest } from "./sample-request.ts";

/** The call as a command for a POSIX shell. */
export function curlSample(request: SampleRequest): string {
  const headers = headersOf(request).map(([name, value]) => `  -H ${quote(`${name}: ${value}`)} \\\n`);
  return `curl -X POST ${quote(request.url)} \\\n${headers.join("")}  --data-raw ${quote(JSON.stringify(request.body, null, 2))}\n`;
}

/** Within single quotes a shell changes nothing, and they end at the next one. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
