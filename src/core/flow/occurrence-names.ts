/** Names of the events that Staffetta itself makes of what happens to a contact. They exist only where some flow listens to them. */
export const occurrenceName = {
  /** Payload {property, before, after}: a property has another value (null: none). */
  property: (name: string) => `$property:${name}`,
  /** Payload {property, before, after, isSame}: a property was set to the value it had. */
  propertySetAgain: (name: string) => `$property-set:${name}`,
  /** Payload {tag}. */
  tagAdded: (tag: string) => `$tag-added:${tag}`,
  tagRemoved: (tag: string) => `$tag-removed:${tag}`,
  /** Payload {list}. Joined: subscribed by now and not before. Left: the other way round. */
  listJoined: (listId: string) => `$list-joined:${listId}`,
  listLeft: (listId: string) => `$list-left:${listId}`,
  /** Payload {segment, cause}, the cause being change (of the contact), time or definition (of the segment). */
  segmentEntered: (segmentId: string) => `$segment-entered:${segmentId}`,
  segmentLeft: (segmentId: string) => `$segment-left:${segmentId}`,
  /** Payload {message, channel, flow, step, link}: what became of a message, by type: delivered, opened, clicked, ... */
  message: (type: string) => `$message-${type}`,
  /** Something about the contact is not what it was. It meets runs only, and leaves no event behind. */
  contactChanged: "$contact-changed",
  /** Payload {channel, text, from}: a message from the contact. */
  inbound: "$inbound",
  /** A start of one flow: by the API, a schedule, a date or another flow. The payload is what the starter gave. */
  start: (flowId: string) => `$start:${flowId}`,
} as const;

const listNames = [occurrenceName.listJoined(""), occurrenceName.listLeft("")];
const changeNames = [
  occurrenceName.property(""),
  occurrenceName.propertySetAgain(""),
  occurrenceName.tagAdded(""),
  occurrenceName.tagRemoved(""),
  occurrenceName.contactChanged,
  ...listNames,
];

/** Whether events of this name come of changes to contacts. */
export function isOfChange(name: string): boolean {
  return changeNames.some((start) => name.startsWith(start));
}

/** Whether events of this name come of lists joined or left. */
export function isOfLists(name: string): boolean {
  return listNames.some((start) => name.startsWith(start));
}
