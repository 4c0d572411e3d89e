import { z } from "zod";
import { pageFields, pageOf } from "./schema.ts";

export const jobView = z
  .object({
    id: z.string(),
    kind: z.string().describe("release, migrate, act, empty-list or import."),
    flowId: z.string().nullable(),
    status: z.enum(["running", "done", "cancelled", "failed"]),
    progress: z.number().describe("From 0 to 1."),
    counts: z.record(z.string(), z.int()).describe("What it has done so far."),
    createdBy: z.string(),
    createdAt: z.date(),
    endedAt: z.date().nullable(),
    error: z.string().nullable(),
  })
  .meta({ id: "Job" });

export const jobPage = pageOf(jobView);
export const jobQuery = z.strictObject({ flowId: z.string().max(64).optional(), ...pageFields });
