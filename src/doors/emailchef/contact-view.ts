import type { MembershipState } from "../../core/contact.ts";
import type { Json } from "../../core/json.ts";
import type { PagedContactView } from "../../operations/contact-pages.ts";
import type { ListView } from "../../operations/lists.ts";
import { flag, instantText } from "./answers.ts";
import { viewField } from "./custom-fields.ts";

const statuses: Record<MembershipState, string> = {
  subscribed: "ACTIVE",
  unsubscribed: "UNSUBSCRIBED",
  unconfirmed: "UNCONFIRMED",
};

/** The state that Emailchef calls so; undefined for a word that names none. */
export function stateOfStatus(status: string): MembershipState | undefined {
  const found = Object.entries(statuses).find(([, word]) => word === status.toUpperCase());
  return found?.[0] as MembershipState | undefined;
}

/** A contact as Emailchef shows it, with the values of its list's fields. */
export function viewContact(contact: PagedContactView, list: ListView | null) {
  const { id, email, properties, state, joinedAt, stateAt, createdAt } = contact;
  const textOf = (name: string) => valueText(properties[name]);
  return {
    id,
    contact_id: id,
    list_id: list === null ? "" : String(list.number),
    status: state === null ? "" : statuses[state],
    email: email ?? "",
    firstname: textOf("first_name"),
    lastname: textOf("last_name"),
    ip: "",
    country: "",
    city: "",
    added_by: "",
    addition_time: instantText(joinedAt ?? createdAt),
    removed_by: "",
    removal_time: state === "unsubscribed" && stateAt !== null ? instantText(stateAt) : "",
    privacy_accepted: flag(properties["privacy"] === true),
    terms_accepted: flag(properties["terms"] === true),
    newsletter_accepted: flag(properties["newsletter"] === true),
    blacklisted: flag(contact.isSuppressed),
    customFields: (list?.fields ?? []).map((field, index) => ({
      ...viewField({ list: list as ListView, field }, index),
      value: textOf(field.placeholder),
    })),
    rating: "0",
  };
}

/** A property as text, which all values are there; truths as 1 and 0. */
function valueText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return flag(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
