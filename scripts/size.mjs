// The size guide: functions and files of src stay small enough to read at once. Tests are not measured.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const limits = {
  function: { p90: 25, max: 60 },
  file: { p90: 200, max: 300 },
};

const sizes = { function: [], file: [] };
for (const path of sourceFiles(join(root, "src"))) measure(path);
const isFine = Object.keys(limits).map(judge).every(Boolean);
process.exitCode = isFine ? 0 : 1;

function sourceFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter(({ name }) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name));
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

function measure(path) {
  const text = readFileSync(path, "utf8");
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const place = relative(root, path);
  sizes.file.push({ place, lines: text.trimEnd().split("\n").length });
  visit(file);

  function visit(node) {
    if (ts.isFunctionLike(node) && node.body) {
      const first = file.getLineAndCharacterOfPosition(node.getStart()).line;
      const last = file.getLineAndCharacterOfPosition(node.end).line;
      sizes.function.push({ place: `${place}:${first + 1}`, lines: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  }
}

function judge(kind) {
  const { p90, max } = limits[kind];
  const sorted = sizes[kind].toSorted((one, other) => other.lines - one.lines);
  const atP90 = sorted[Math.floor(sorted.length / 10)]?.lines ?? 0;
  const tooLong = sorted.filter(({ lines }) => lines > max);
  const isGood = atP90 <= p90 && tooLong.length === 0;
  process.stdout.write(
    `${kind}s: ${sorted.length}, p90 ${atP90} (at most ${p90}), longest ${sorted[0]?.lines ?? 0} (at most ${max})\n`,
  );
  const offenders = atP90 > p90 ? sorted.filter(({ lines }) => lines > p90) : tooLong;
  for (const { place, lines } of offenders) process.stdout.write(`  ${lines} lines  ${place}\n`);
  return isGood;
}
