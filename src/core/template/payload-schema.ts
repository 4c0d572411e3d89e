import { z } from "zod";

const maxFields = 100;

/** A JSON object whose strings are templates: what an event that a flow makes will carry. */
export const payloadSchema = z
  .record(z.string().min(1).max(200), z.json())
  .refine((payload) => Object.keys(payload).length <= maxFields, `must have at most ${maxFields} fields`)
  .default({});
