import { z } from "zod";
import { importJob, importRows } from "../../operations/contact-imports.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { takeImportRows } from "../../storage/contact-imports.ts";
import type { Transaction } from "../../storage/database.ts";
import type { JobRow } from "../../storage/jobs.ts";
import { asPool } from "../../storage/nested-transaction.ts";
import type { Chunk, JobKind, Place } from "../jobs.ts";

const chunkSize = 500;
const paramsSchema = z.object({ listId: z.string() });

/** Takes in the rows of an import in their order, wherever the lanes of their contacts are: one lane stands for all. */
export function importContactRows(flows: FlowCache): JobKind {
  return { name: importJob, chunk: (sql, job, place) => chunk(flows, { sql, job, place }) };
}

type Work = { sql: Transaction; job: JobRow; place: Place };

async function chunk(flows: FlowCache, { sql, job, place: { now } }: Work): Promise<Chunk> {
  const { listId } = paramsSchema.parse(job.params);
  const { workspaceId } = job;
  const rows = await takeImportRows(sql, { jobId: job.id, limit: chunkSize });
  if (rows.length === 0) return { cursor: null, counts: {}, again: null };
  const lanes = new Set<number>();
  const signal = (some: Iterable<number>) => {
    for (const lane of some) lanes.add(lane);
  };
  const counts = await importRows({ sql: asPool(sql), flows, now: () => now, signal }, { workspaceId, listId, rows });
  return { cursor: null, counts, again: rows.length < chunkSize ? null : now, lanes };
}
