#!/usr/bin/env node
import { existsSync } from "node:fs";

const program = new URL("../dist/src/server/command-line.js", import.meta.url);
if (!existsSync(program)) {
  process.stderr.write("Staffetta is not built yet: run npm run build, or npm start, which builds by itself.\n");
  process.exit(1);
}
const { runCommandLine } = await import(program.href);
const code = await runCommandLine(process.argv.slice(2));
if (typeof code === "number") process.exitCode = code;
