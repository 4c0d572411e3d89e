import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { pythonSample, requestsSample } from "./python.ts";

const nasty = `it's "quoted" \\ {x} %s \n\t\u2028 é 😀 \u0007`;
const body = {
  email: "ada@example.com",
  [nasty]: nasty,
  n: 1.5,
  flag: true,
  off: false,
  none: null,
  list: [{ a: nasty }, {}, []],
};
const request = { url: "https://flows.example/e?a='\"", key: "YOUR_API_KEY", body };

function python(program: string): string | null {
  try {
    return execFileSync("python3", ["-c", program], {
      encoding: "utf8",
      env: { ...process.env, PYTHONIOENCODING: "utf8" },
    });
  } catch (error) {
    // Not on this machine.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

test("code for the standard library means the body, whatever is in it", () => {
  const stub = `import io, json, urllib.request
def show(request, timeout):
    return io.StringIO(json.dumps([request.full_url, dict(request.headers), json.loads(request.data)]))
urllib.request.urlopen = show
`;
  const shown = python(
    `${stub}${pythonSample(request).replace("print(json.load(response))", "print(response.read())")}`,
  );
  if (shown === null) return;
  const headers = { "Content-type": "application/json", Authorization: "Bearer YOUR_API_KEY" };
  expect(JSON.parse(shown)).toEqual([request.url, headers, body]);
});

test("code for requests means the body, whatever is in it", () => {
  const stub = `import json, sys, types
class Answer:
    def __init__(self, said): self.said = said
    def raise_for_status(self): pass
    def json(self): return json.dumps(self.said)
stub = types.ModuleType("requests")
stub.post = lambda url, headers, json, timeout: Answer([url, headers, json])
sys.modules["requests"] = stub
`;
  const shown = python(`${stub}${requestsSample(request)}`);
  if (shown === null) return;
  const headers = { "Content-Type": "application/json", Authorization: "Bearer YOUR_API_KEY" };
  expect(JSON.parse(shown)).toEqual([request.url, headers, body]);
});
