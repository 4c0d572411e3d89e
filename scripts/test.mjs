// Everything that must hold before a change is taken: the checks, then the tests. The last line is `N passed, N failed`.
// Words after `npm test --` go to vitest, for example a folder.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, ensureInstalled, root } from "./prepare.mjs";

const tool = (name) => join("node_modules", ".bin", name);
const report = join(".tmp", `vitest-${process.pid}.json`);
const folders = ["src", "bench", "e2e"].filter((folder) => existsSync(join(root, folder)));

const checks = [
  { name: "format and lint", words: [tool("biome"), "check"] },
  { name: "imports", words: [tool("depcruise"), ...folders] },
  { name: "unused code", words: [tool("knip"), "--no-progress", "--no-config-hints"] },
  { name: "sizes", words: ["scripts/size.mjs"] },
  { name: "links in the pages", words: ["scripts/links.mjs"] },
  { name: "types", words: [tool("tsc"), "--incremental", "--tsBuildInfoFile", ".tmp/types.tsbuildinfo"] },
];

const counts = { passed: 0, failed: 0 };
try {
  await ensureInstalled();
  mkdirSync(join(root, ".tmp"), { recursive: true });
  for (const check of checks) await runCheck(check);
  await runBuild();
  await runTests(process.argv.slice(2));
} catch (error) {
  process.stdout.write(`${error.stack}\n`);
  counts.failed += 1;
}
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;

async function runCheck({ name, words }) {
  const { code, output } = await run(words, "pipe");
  note(name, code === 0, output);
}

async function runBuild() {
  try {
    await ensureBuilt();
    note("build", true);
  } catch (error) {
    note("build", false, error.message);
  }
}

async function runTests(words) {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { code } = await run([tool("vitest"), "run", ...reporters, ...words], "inherit");
  const path = join(root, report);
  const results = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  rmSync(path, { force: true });
  counts.passed += results?.numPassedTests ?? 0;
  const failed = (results?.numFailedTests ?? 0) + brokenFiles(results);
  // An error outside of any test fails the run too.
  counts.failed += failed === 0 && code !== 0 ? 1 : failed;
}

/** Files that failed before their first test. */
function brokenFiles(results) {
  const files = results?.testResults ?? [];
  return files.filter(({ status, assertionResults }) => {
    return status === "failed" && !assertionResults.some((test) => test.status === "failed");
  }).length;
}

function note(name, isFine, output = "") {
  counts[isFine ? "passed" : "failed"] += 1;
  process.stdout.write(isFine ? `ok    ${name}\n` : `FAIL  ${name}\n${output}\n`);
}

function run([file, ...words], output) {
  const isNode = file.endsWith(".mjs");
  const stdio = ["ignore", output, output];
  const child = spawn(isNode ? process.execPath : file, isNode ? [file, ...words] : words, { cwd: root, stdio });
  const stopChild = () => child.kill("SIGTERM");
  process.once("SIGTERM", stopChild);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (part) => {
      text += part;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("SIGTERM", stopChild);
      resolve({ code: code ?? 1, output: text });
    });
  });
}
