import { type ErrorCode, errorTable } from "../../core/errors.ts";

const advice = {
  true: "The same request may succeed later; wait as long as `Retry-After` says, when it is there.",
  false: "The same request will fail again; change it first.",
};

/** docs/reference/errors.md, made from the table of errors. */
export function makeErrorReference(): string {
  const sections = entries().map(
    ([code, { status, title, retry }]) => `## ${code}\n\nStatus ${status}. ${title} ${advice[`${retry}`]}\n`,
  );
  return [
    "# Errors",
    "",
    "Every error is a problem document (RFC 9457, `application/problem+json`). `code` is one of the words below and never changes its",
    "meaning; `detail` is a sentence for people; `issues` names each broken field (`path`) and its rule (`message`); `requestId` is",
    "also in the log and in the `X-Request-Id` header. This page is made from the table in src/core/errors.ts.",
    "",
    ...sections,
  ].join("\n");
}

/** The same as a page that the `type` of each problem document leads to. */
export function makeErrorPage(): string {
  const rows = entries().map(([code, { status, title, retry }]) => {
    const text = advice[`${retry}`].replaceAll("`", "");
    return `<h2 id="${code}"><a href="#${code}">${code}</a></h2>\n<p>Status ${status}. ${title} ${text}</p>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors · Staffetta</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 45rem; margin: 3rem auto; padding: 0 1rem; }
h2 { font: 600 1rem ui-monospace, monospace; margin-bottom: 0; }
h2:target { background: #fd08; }
p { margin-top: 0.2rem; }
</style>
</head>
<body>
<p><a href="/docs">API reference</a></p>
<h1>Errors</h1>
<p>Every error is a problem document (RFC 9457). Its code is one of these.</p>
${rows.join("\n")}
</body>
</html>
`;
}

type Entry = (typeof errorTable)[ErrorCode];

function entries(): [ErrorCode, Entry][] {
  return Object.entries(errorTable) as [ErrorCode, Entry][];
}
