import { execFileSync } from "node:child_process";
import ts from "typescript";
import { expect, test } from "vitest";
import { exampleEvent } from "./example-event.ts";
import { sampleCode } from "./sample-code.ts";

const nasty = `it's "quoted" \\ $HOME \`id\` #{x} <?php ?> </script> \n\t\u2028 é 😀`;
const body = {
  email: "ada@example.com",
  [nasty]: nasty,
  n: 1.5,
  flag: true,
  none: null,
  list: [{ a: nasty }, {}],
  empty: [],
};
const url = "https://flows.example/events/id/0123456789abcdef0123456789abcdef/7?a=it's";
const samples = sampleCode({ url, key: "YOUR_API_KEY", body });

test("shell code means the body, whatever is in it", () => {
  const show = `curl() { printf '%s\\0' "$@"; }\n${samples.curl}`;
  const words = execFileSync("sh", ["-c", show], { encoding: "utf8" }).split("\0");
  expect(words).toContain(url);
  expect(words).toContain("Authorization: Bearer YOUR_API_KEY");
  expect(JSON.parse(words[words.indexOf("--data-raw") + 1] ?? "")).toEqual(body);
});

test.each(["javascript", "typescript"] as const)("%s code means the body, whatever is in it", (language) => {
  const { outputText, diagnostics } = ts.transpileModule(samples[language], {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 },
  });
  expect(diagnostics).toEqual([]);
  const program = `globalThis.fetch = async (url, init) => ({ ok: true, json: async () => JSON.stringify([url, init]) });\n${outputText}`;
  const shown = execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  const [to, init] = JSON.parse(shown);
  expect(to).toBe(url);
  expect(init.headers).toEqual({ "Content-Type": "application/json", Authorization: "Bearer YOUR_API_KEY" });
  expect(JSON.parse(init.body)).toEqual(body);
});

test("PHP strings keep quotes, backslashes and dollars as they are", () => {
  expect(samples.php).toContain(`'it\\'s "quoted" \\\\ $HOME`);
  expect(samples.php).toContain(
    "CURLOPT_URL => 'https://flows.example/events/id/0123456789abcdef0123456789abcdef/7?a=it\\'s'",
  );
  expect(samples.php).toContain("new stdClass()");
});

test("without a key no code speaks of one", () => {
  const open = sampleCode({ url, key: null, body });
  for (const text of Object.values(open)) expect(text).not.toMatch(/Authorization|YOUR_API_KEY/);
});

test("an example has each declared variable in its type", () => {
  const variables = (["string", "number", "date", "structure"] as const).map((type) => ({ name: `a ${type}`, type }));
  expect(exampleEvent(variables)).toEqual({
    ...{ email: "ada@example.com", phone: "+390612345678" },
    ...{ "a string": "a string value", "a number": 123, "a date": "2026-03-01" },
    "a structure": [
      { name: "First", price: 10.5 },
      { name: "Second", price: 20 },
    ],
  });
});
