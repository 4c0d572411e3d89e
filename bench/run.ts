import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Job, judge, type Row } from "./job.ts";
import { httpActionsJob } from "./jobs/http-actions.ts";
import { ingestBatch } from "./jobs/ingest-batch.ts";
import { ingestSingle } from "./jobs/ingest-single.ts";
import { latency } from "./jobs/latency.ts";
import { mailJob } from "./jobs/mail.ts";
import { mailPipeline } from "./jobs/mail-pipeline.ts";
import { priority } from "./jobs/priority.ts";
import { segmentUpkeep } from "./jobs/segment-upkeep.ts";
import { sendpulseNoAuth } from "./jobs/sendpulse-no-auth.ts";
import { startup } from "./jobs/startup.ts";
import { steps } from "./jobs/steps.ts";
import { wholeJob } from "./jobs/whole-job.ts";
import { openPlace, type Place } from "./rig/place.ts";
import { printTopFunctions } from "./rig/profile.ts";
import { formatTable } from "./table.ts";

const jobs: readonly Job[] = [
  ingestSingle,
  ingestBatch,
  sendpulseNoAuth,
  steps,
  latency,
  httpActionsJob,
  mailJob,
  mailPipeline,
  wholeJob,
  segmentUpkeep,
  priority,
  startup,
];

const usage = `npm run bench [-- --quick] [--json] [--strict] [--only JOB,JOB] [--profile JOB]
Jobs: ${jobs.map(({ name }) => name).join(", ")}`;

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    only: { type: "string" },
    profile: { type: "string" },
  },
});

if (values.help) process.stdout.write(`${usage}\n`);
else process.exitCode = await main();

/** Runs the chosen jobs one after the other. 1 when a job broke, and with `--strict` also when a bar was missed. */
async function main(): Promise<number> {
  const wanted = (values.profile ?? values.only)?.split(",").map((name) => name.trim());
  const unknown = wanted?.find((name) => !jobs.some((job) => job.name === name));
  if (unknown !== undefined) {
    process.stderr.write(`There is no job ${unknown}.\n${usage}\n`);
    return 2;
  }
  const place = openPlace({ withStatements: values.profile !== undefined });
  try {
    const { rows, broken } = await runJobs(
      jobs.filter(({ name }) => wanted?.includes(name) ?? true),
      place,
    );
    process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : formatTable(rows));
    return broken || (values.strict && rows.some(({ ok }) => !ok)) ? 1 : 0;
  } finally {
    await place.close();
  }
}

async function runJobs(chosen: readonly Job[], place: Place): Promise<{ rows: Row[]; broken: boolean }> {
  const rows: Row[] = [];
  let broken = false;
  for (const job of chosen) {
    const startedAt = performance.now();
    try {
      rows.push(...(await runJob(job, place)));
      process.stderr.write(`${job.name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    } catch (error) {
      broken = true;
      process.stderr.write(`${job.name} broke: ${error instanceof Error ? error.stack : String(error)}\n`);
    } finally {
      await place.endJob();
    }
  }
  return { rows, broken };
}

async function runJob(job: Job, place: Place): Promise<Row[]> {
  const profileDir = values.profile === undefined ? null : resolve(".tmp", "profile", job.name);
  if (profileDir !== null) emptyFolder(profileDir);
  const measured = await job.run({ quick: values.quick, place, profileDir });
  if (profileDir !== null) {
    await place.printStatements();
    await place.endJob();
    printTopFunctions(profileDir);
  }
  return [measured].flat().map((one) => judge(job, one));
}

function emptyFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
}
