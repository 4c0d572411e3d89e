// Compiles src and bench into dist, and copies what is not TypeScript (SQL, pages) beside it.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";

const folders = ["src", "bench"];

/** Builds in place, and removes what no longer has a source. Throws when the compiler finds an error. */
export function buildProgram(root) {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const parameters = [compiler, "-p", "tsconfig.build.json", "--noEmitOnError"];
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("The build failed; see the compiler's output above.");
  for (const folder of folders) {
    copyAssets(join(root, folder), join(root, "dist", folder));
    removeLeftOvers(join(root, "dist", folder), join(root, folder));
  }
}

function copyAssets(from, to) {
  for (const file of filesIn(from).filter(isAsset)) {
    const target = join(to, relative(from, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
}

function isAsset(file) {
  return ![".ts", ".tsx", ".md"].includes(extname(file)) && !file.includes("/fixtures/");
}

/** A migration that was renamed must not be applied from an old copy. */
function removeLeftOvers(built, source) {
  for (const file of filesIn(built)) {
    const base = join(source, relative(built, file));
    const stem = base.replace(/(\.js|\.d\.ts)(\.map)?$/, "");
    if (![base, `${stem}.ts`, `${stem}.tsx`].some((path) => existsSync(path))) rmSync(file);
  }
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
