// Installs and builds when stale, then runs one of the programs in this process, so that signals and the exit code are its own.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBuilt, root } from "./prepare.mjs";

const programs = {
  build: undefined,
  start: ["bin/staffetta.mjs", "start"],
  demo: ["bin/staffetta.mjs", "demo"],
  bench: ["dist/bench/run.js"],
  crash: ["dist/bench/crash.js"],
};

const [name = "start", ...rest] = process.argv.slice(2);
if (!Object.hasOwn(programs, name)) {
  process.stderr.write(`There is no program ${name}; choose one of ${Object.keys(programs).join(", ")}.\n`);
  process.exit(2);
}
try {
  await ensureBuilt();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
if (programs[name]) {
  const [file, ...words] = programs[name];
  process.argv = [process.execPath, join(root, file), ...words, ...rest];
  await import(pathToFileURL(join(root, file)).href);
}
