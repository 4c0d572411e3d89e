/** Names that people gave to lists and segments, by id. */
export type NamesById = Readonly<Record<string, string>>;

const ofMessages: Readonly<Record<string, string>> = {
  bounced: "a message that bounced",
  failed: "a message that could not be sent",
  held: "a message that was held back",
  unknown: "a message of which nobody knows whether it went out",
};

const wordings: Readonly<Record<string, (subject: string, name: string) => string>> = {
  property: (property) => `a change of the property ${property}`,
  "property-set": (property) => `the property ${property} set to the value it had`,
  "tag-added": (tag) => `the tag "${tag}" added`,
  "tag-removed": (tag) => `the tag "${tag}" removed`,
  "list-joined": (_id, list) => `the list ${list} joined`,
  "list-left": (_id, list) => `the list ${list} left`,
  "segment-entered": (_id, segment) => `the segment ${segment} entered`,
  "segment-left": (_id, segment) => `the segment ${segment} left`,
  "contact-changed": () => "a change of the contact",
  inbound: () => "a message from the contact",
  start: () => "a start of the flow by the API, a schedule, a date or another flow",
  "incoming-call": () => "a call to its own address",
};

/** What an event of our own is, in words; null for an event whose name an application gave. */
export function occurrenceWords(name: string, names: NamesById = {}): string | null {
  if (!name.startsWith("$")) return null;
  const [, kind = "", subject = ""] = /^\$([^:]*):?(.*)$/s.exec(name) ?? [];
  const type = kind.startsWith("message-") ? kind.slice("message-".length) : null;
  if (type !== null) return ofMessages[type] ?? `a message that was ${type}`;
  const known = Object.hasOwn(names, subject) ? `"${names[subject]}"` : subject;
  const wording = Object.hasOwn(wordings, kind) ? wordings[kind] : undefined;
  return wording?.(subject, known) ?? name;
}

const about = { lists: /^\$list-(?:joined|left):(.+)$/, segments: /^\$segment-(?:entered|left):(.+)$/ } as const;

/** The ids of the lists, or of the segments, that these names of events are about. */
export function idsNamed(names: readonly string[], what: keyof typeof about): string[] {
  return [...new Set(names.flatMap((name) => about[what].exec(name)?.[1] ?? []))];
}
