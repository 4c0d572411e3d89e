import { expect, test } from "vitest";
import { createLogger, loggableUrl } from "./logger.ts";

function logged(value: object): string {
  const lines: string[] = [];
  createLogger({ level: "info", destination: { write: (line: string) => lines.push(line) } }).info(value, "said");
  return lines.join("");
}

test.each([
  { authorization: "Bearer hush" },
  { headers: { authorization: "Bearer hush" } },
  { req: { headers: { cookie: "hush" } } },
  { key: "hush" },
  { caller: { token: "hush" } },
])("keeps credentials out of %j", (value) => {
  expect(logged(value)).not.toContain("hush");
});

test("writes the time and the level as words", () => {
  expect(JSON.parse(logged({ flow: 7 }))).toMatchObject({
    level: "info",
    flow: 7,
    msg: "said",
    time: expect.any(String),
  });
});

test.each([
  ["/v1/contacts/lookup?email=ada@example.com&x=1", "/v1/contacts/lookup?email&x"],
  ["/in/4fK9sPq-secret-token", "/in/4fK9…"],
  ["/in/4fK9sPq-secret-token?key=1", "/in/4fK9…?key"],
  ["/in/abc", "/in/abc…"],
  ["/v1/flows", "/v1/flows"],
])("shows %s as %s", (url, shown) => {
  expect(loggableUrl(url)).toBe(shown);
});
