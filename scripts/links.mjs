// Every relative link in the pages leads to a file that exists.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const skipped = new Set(["node_modules", "dist", "data", "coverage", ".git", ".tmp"]);

const broken = pagesIn(root).flatMap(brokenLinks);
for (const line of broken) process.stdout.write(`${line}\n`);
process.exitCode = broken.length === 0 ? 0 : 1;

function pagesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pagesIn(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

function brokenLinks(page) {
  const prose = readFileSync(page, "utf8").replace(/```.*?```|`[^`\n]*`/gs, "");
  const targets = [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map((match) => match[1]);
  const own = targets.filter((target) => !/^[a-z]+:/.test(target));
  const missing = own.filter((target) => !existsSync(resolve(dirname(page), decodeURI(target))));
  return missing.map((target) => `${relative(root, page)}: ${target} does not exist`);
}
