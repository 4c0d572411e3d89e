import { z } from "zod";
import type { JsonObject } from "../../core/json.ts";

/** JSON of any kind. What comes in was checked as it was parsed, so there is nothing left to look at. */
export const anyJson = z.unknown();

/** A JSON object of any content. */
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject, JsonObject>;

/** An instant with its offset (RFC 3339), as text. */
export const instantText = z.iso.datetime({ offset: true, error: "must be an instant such as 2026-03-01T10:00:00Z" });

/** The same, read as a Date. Not for bodies: Zod leaves the examples of a schema out of the reference when it transforms. */
export const instant = instantText
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1 && at.getUTCFullYear() <= 9999, "must be in the years 1 to 9999");

/** The id in a path. */
export const idParams = z.object({ id: z.string().max(200) });

/** What every list takes. */
export const pageFields = {
  limit: z.coerce.number({ error: "must be a whole number from 1 to 200" }).int().min(1).max(200).optional(),
  cursor: z.string().max(200).optional().describe("The nextCursor of the page before."),
};

/** A page of `row`s. */
export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({ data: z.array(row), nextCursor: z.string().nullable() });
}

/** A broken rule of something that was checked, as data. */
export const issueList = z.array(
  z.object({ path: z.string(), message: z.string(), line: z.int().optional(), column: z.int().optional() }),
);

/** The query of a list without filters. */
export const pageQuery = z.strictObject(pageFields);

/** What is said of something that is gone now. */
export const deleted = z.object({ id: z.string() });
