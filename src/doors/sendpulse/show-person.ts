import type { listPeople } from "../../operations/people.ts";
import { statusOf } from "./statuses.ts";

type Person = Awaited<ReturnType<typeof listPeople>>[number];

/** A member of an address book; one who is known by phone alone has an empty address. */
export function showPerson(person: Pick<Person, "email" | "phone" | "properties" | "state" | "suppressed">) {
  const { email, phone, properties } = person;
  return { email: email ?? "", phone: phone ?? "", ...statusOf(person), variables: properties };
}
