import type { JsonObject } from "../json.ts";

/** A call that sample code makes: a POST with a JSON body, and with an API key as bearer unless `key` is null. */
export type SampleRequest = { url: string; key: string | null; body: JsonObject };

/** What stands for the API key in sample code. */
export const keyPlaceholder = "YOUR_API_KEY";

/** The headers of the call, in order. */
export function headersOf({ key }: SampleRequest): [name: string, value: string][] {
  const content: [string, string] = ["Content-Type", "application/json"];
  return key === null ? [content] : [content, ["Authorization", `Bearer ${key}`]];
}

/** The lines of `text`, all but the first moved in by `by` spaces. */
export function indent(text: string, by: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(by)}`);
}
