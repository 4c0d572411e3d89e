import { openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { startFastSmtpSink } from "./fast-smtp-sink.ts";

// The fast sink in a process of its own: prints {"port":...}, answers each line on its standard input with its counts, and ends with its
// standard input. `--append FILE` writes one JSON line for each mail before the mail is acknowledged; `--port N` takes a fixed port.
const { values } = parseArgs({ options: { append: { type: "string" }, port: { type: "string", default: "0" } } });
const file = values.append === undefined ? null : openSync(values.append, "a");
const sink = await startFastSmtpSink({
  port: Number(values.port),
  ...(file === null ? {} : { onAccepted: (mail) => writeSync(file, `${JSON.stringify(mail)}\n`) }),
});
process.stdout.write(`${JSON.stringify({ port: sink.port })}\n`);

const questions = createInterface({ input: process.stdin });
questions.on("line", () => process.stdout.write(`${JSON.stringify(sink.counts())}\n`));
questions.on("close", () => process.exit(0));
