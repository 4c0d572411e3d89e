import { z } from "zod";
import { parseDay, parseInstant } from "./instant.ts";
import { conditionLimits } from "./limits.ts";
import { isStorableText } from "./storable-text.ts";

const text = z.string().refine(isStorableText);

/** For operators that take no value. */
export const noValue = z.undefined();

/** Text that is not empty: the empty text is part of every text, and so says nothing. */
export const textValue = text.min(1);

export const numberValue = z.number();

/** What a field can be equal to. */
export const scalarValue = z.union([text, z.number(), z.boolean()]);
export type Scalar = z.infer<typeof scalarValue>;

export const scalarListValue = z.array(scalarValue).min(1).max(conditionLimits.valueItems);

/** Lowest and highest, both included. */
export const rangeValue = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high);

/** An instant as text, or `now`. */
export const instantValue = z.string().refine((value) => value === "now" || parseInstant(value) !== null);

export const dayValue = z.string().refine((value) => parseDay(value) !== null);
