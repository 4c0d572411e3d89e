import { z } from "zod";
import type { Json } from "../../core/json.ts";
import { parseJson } from "../../core/parse-json.ts";

const required = "This field is required.";

/** Forms say lists and objects as JSON texts. */
function fromForm(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  const parsed = parseJson(value);
  return parsed.ok ? parsed.value : value;
}

/** A list, also one that a form says as a JSON text, as one value or as several. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.preprocess((value) => {
    const read = fromForm(value);
    if (read === undefined || read === null) return read;
    return (Array.isArray(read) ? read : read === "" ? [] : [read]).map(fromForm);
  }, z.array(item).max(1001));
}

/** An object, also as a JSON text. */
export const objectField = z.preprocess(fromForm, z.record(z.string(), z.unknown() as z.ZodType<Json>));

const truths = ["true", "t", "1", "on", "yes"];
const untruths = ["false", "f", "0", "off", "no", ""];

/** True or false, also in the words of forms. */
export const flag = z.preprocess((value) => {
  const word = String(value).toLowerCase();
  if (truths.includes(word)) return true;
  return untruths.includes(word) ? false : value;
}, z.boolean("Must be a valid boolean."));

const text = (max: number) => z.string().max(max, `Ensure this field has no more than ${max} characters.`);
const optional = (max: number) => text(max).nullish();
const phone = z
  .string({ error: ({ input }) => (input === undefined ? required : "Not a valid string.") })
  .trim()
  .min(1, "This field may not be blank.")
  .max(30, "Ensure this field has no more than 30 characters.");
const url = text(200)
  .refine((value) => value === "" || URL.canParse(value), "Enter a valid URL.")
  .nullish();
const tag = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);

/** The fields of a contact; others that clients send along are passed over. */
export const contactFields = z.object({
  phone: phone.optional(),
  first_name: optional(100),
  last_name: optional(100),
  email: optional(254),
  external_url: url,
  external_id: optional(256),
  source: optional(100),
  meta: objectField.nullish(),
  tags: listOf(tag).nullish(),
  default_assignees: listOf(z.union([z.int(), z.string().max(254)])).nullish(),
  overwrite_meta: flag.optional(),
  overwrite_tags: flag.optional(),
  overwrite_default_assignees: flag.optional(),
});
export type ContactFields = z.output<typeof contactFields>;

/** The same where the phone must be there: it says who the contact is. */
export const namedContact = contactFields.extend({ phone });

/** A contact of a list to run a flow for: by its phone or by its id. */
const listed = contactFields
  .extend({ id: z.string().max(64).nullish() })
  .refine(({ id, phone: given }) => id != null || given !== undefined, { path: ["phone"], error: required });

export const runFields = z.object({
  execute_for: z.literal("LIST", "Must be LIST.").default("LIST"),
  contact_list: listOf(z.preprocess((value) => (typeof value === "string" ? { phone: value } : value), listed)),
  flow_execution_variables: objectField.nullish(),
  has_priority: flag.default(false),
});
