import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Job, Measured, Setting } from "../job.ts";
import { memoryOf, processTree } from "../rig/memory.ts";
import { type Server, startServer } from "../rig/server.ts";

/** From starting the program, with its database made before, until it is ready; and what everything takes of memory when nothing happens. */
export const startup: Job = { name: "startup", bar: { atMost: 3 }, run };

const memoryBar = { atMost: 350 };

async function run({ quick, place, profileDir }: Setting): Promise<Measured[]> {
  const dataDir = join(place.dir, "startup");
  const first = await timedStart({ dataDir });
  await first.server.close();
  const second = await timedStart({ dataDir, profileDir });
  place.use(second.server);
  // Long enough for what starting made to be collected, and for the background workers to settle.
  await delay(quick ? 1_000 : 15_000);
  const memory = memoryOf(processTree(second.server.pid));
  const rows: Measured[] = [
    {
      row: "startup",
      figure: second.seconds,
      limit: null,
      unit: "s",
      note: `the very first start: ${first.seconds.toFixed(1)} s`,
    },
  ];
  if (memory !== null)
    rows.push({
      row: "idle-memory",
      bar: memoryBar,
      figure: memory,
      limit: null,
      unit: "MB",
      note: "Node.js and PostgreSQL, shared pages counted once",
    });
  return rows;
}

async function timedStart(options: {
  dataDir: string;
  profileDir?: string | null;
}): Promise<{ server: Server; seconds: number }> {
  const startedAt = performance.now();
  const server = await startServer(options);
  return { server, seconds: (performance.now() - startedAt) / 1000 };
}
