import { z } from "zod";
import type { MembershipState } from "../../core/contact.ts";
import type { Issue } from "../../core/errors.ts";
import { fitProperties } from "../../core/fit-properties.ts";
import type { JsonObject } from "../../core/json.ts";
import type { ListField } from "../../core/list-field.ts";
import { number, text } from "./read.ts";

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], "must be a text, a number, true or false");
const consent = z.union([z.boolean(), z.int(), z.string(), z.null()], "must be 0 or 1");
const named = z.union([
  z.object({ place_holder: z.string().max(200), value: scalar.optional() }),
  z.object({ placeholder: z.string().max(200), value: scalar.optional() }).transform(({ placeholder, value }) => ({
    place_holder: placeholder,
    value,
  })),
]);

/** Values by placeholder, or fields as a list's collection has them with their values: clients send either. */
const customFields = z.union(
  [
    z.record(z.string(), scalar),
    z
      .array(named)
      .max(200)
      .transform((fields) =>
        Object.fromEntries(fields.map(({ place_holder, value }) => [place_holder, value ?? null])),
      ),
  ],
  "must be an object of values by placeholder",
);

export const contactBody = z.object({
  list_id: number.optional(),
  email: text.optional(),
  firstname: text.optional(),
  lastname: text.optional(),
  status: text.optional(),
  mode: text.optional(),
  privacy: consent.optional(),
  terms: consent.optional(),
  newsletter: consent.optional(),
  custom_fields: customFields.optional(),
});
export type ContactBody = z.output<typeof contactBody>;

export type ContactWords = { email?: string; phone?: string | null; properties: JsonObject };

/**
 * What a write says of a contact, its fields read as the list has them. With `keepsEmpty` an empty value removes a property; a new contact has
 * none to remove.
 */
export function readContact(
  body: ContactBody,
  { fields, keepsEmpty }: { fields: readonly ListField[]; keepsEmpty: boolean },
): { contact: ContactWords; issues: Issue[] } {
  const { privacy, terms, newsletter } = body;
  const issues: Issue[] = [];
  const consents = Object.entries({ privacy, terms, newsletter }).flatMap(([name, given]) => {
    if (given === undefined || given === null || given === "") return [];
    const truth = /^(1|true|yes|on)$/i.test(String(given));
    return [[name, truth] as const];
  });
  const { email: _, phone, ...custom } = body.custom_fields ?? {};
  const names = { first_name: body.firstname, last_name: body.lastname };
  const given = Object.fromEntries(
    Object.entries({ ...names, ...Object.fromEntries(consents), ...custom }).flatMap(([name, value]) =>
      value === undefined || (!keepsEmpty && (value === "" || value === null))
        ? []
        : [[name, value === "" ? null : value]],
    ),
  );
  const fitted = fitProperties(given, fields);
  issues.push(...fitted.issues.map(({ path, message }) => ({ path: `custom_fields.${path}`, message })));
  const identity = {
    ...(body.email === undefined ? {} : { email: body.email }),
    ...(phone === undefined || phone === null || phone === "" ? {} : { phone: String(phone) }),
  };
  return { contact: { ...identity, properties: fitted.properties }, issues };
}

/**
 * The state that a write gives a contact in its list; null leaves it as it is. Who confirms by mail is unconfirmed until then, unless
 * subscribed already.
 */
export function stateFor(
  { status, mode }: Pick<ContactBody, "status" | "mode">,
  known: MembershipState | undefined,
): MembershipState | null {
  if (status !== undefined && /^(unsubscribed|removed|deleted|inactive)$/i.test(status)) return "unsubscribed";
  if (mode !== undefined && /^double_?opt_?in$/i.test(mode)) return known === "subscribed" ? null : "unconfirmed";
  return "subscribed";
}

/** The field of the request behind a path that an operation names. */
export function contactFieldName(path: string): string {
  const name = path.replace(/^contacts\[\d+\]\.?/, "").replace(/^properties\b/, "custom_fields");
  if (name === "custom_fields.first_name") return "firstname";
  return name === "custom_fields.last_name" ? "lastname" : name;
}
