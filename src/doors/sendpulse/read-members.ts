import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { normalizeEmail } from "../../core/message/address.ts";
import { refusal } from "./errors.ts";
import { broken, readItems, readObject, readPhone } from "./values.ts";

/** Somebody to be put into an address book. */
export type Member = { email: string; phone?: string; properties: JsonObject };

/** The members of a call: addresses, or objects of address and variables, in whatever form they were written. Throws `invalid_request`. */
export function readMembers(value: Json | undefined): Member[] {
  return readItems(value, "emails").map((item, index) => readMember(item, `emails[${index}]`));
}

function readMember(item: Json, path: string): Member {
  const { email, variables, phone } = isJsonObject(item) ? item : { email: item };
  const normal = normalizeEmail(typeof email === "string" ? email : "");
  if (!normal.ok)
    throw refusal(906, `${path}: ${normal.message}`, [{ path: `${path}.email`, message: normal.message }]);
  const { properties, phone: variable } = readVariables(variables, `${path}.variables`);
  const given = phone ?? variable;
  return { email: normal.value, properties, ...(isGiven(given) ? { phone: readPhone(given, `${path}.phone`) } : {}) };
}

/**
 * Variables as properties, given as an object or as a list of `{name, value}`. A space in a name becomes an underscore, for properties
 * are read in templates. The variable for the phone, in any case, is the contact's phone; one for the e-mail says nothing new.
 */
export function readVariables(value: Json | undefined, path: string): { properties: JsonObject; phone?: Json } {
  const entries = Array.isArray(value)
    ? value.map((item, index) => readPair(item, `${path}[${index}]`))
    : Object.entries(readObject(value, path));
  const properties: [string, Json][] = [];
  let phone: Json | undefined;
  for (const [name, content] of entries) {
    const known = name.trim().toLowerCase();
    if (known === "phone") phone = content;
    else if (known !== "email") properties.push([name.trim().replaceAll(" ", "_"), content]);
  }
  return { properties: Object.fromEntries(properties), ...(phone === undefined ? {} : { phone }) };
}

function readPair(item: Json, path: string): [string, Json] {
  const { name, value = null } = isJsonObject(item) ? item : {};
  if (typeof name === "string" && name.trim() !== "") return [name, value];
  throw broken(path, "must be an object with name and value");
}

function isGiven(value: Json | undefined): value is Json {
  return value !== undefined && value !== null && value !== "";
}
