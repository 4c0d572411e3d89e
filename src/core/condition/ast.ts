import type { Json } from "../json.ts";
import type { Duration } from "../time.ts";

/** One comparison. `field` is a path into the scope whose first segment is a root, such as `event.items[0].price`. */
export type Leaf = { readonly field: string; readonly operator: string; readonly value?: Json };

/** How often. Without one, at least once. */
export type CountRule = { readonly atLeast: number } | { readonly atMost: number } | { readonly exactly: number };

/** Events of the contact by name; `where` sees the payload of one event as `event`. `within` counts back from now. */
export type EventLeaf = {
  readonly event: string;
  readonly where?: Condition;
  readonly within?: Duration;
  readonly count?: CountRule;
};

/** Messages to the contact to which something happened, each counted once however often it did. */
export type MessageLeaf = {
  readonly message: MessageType;
  readonly flow?: string;
  readonly step?: string;
  readonly link?: string;
  readonly within?: Duration;
  readonly count?: CountRule;
};

/** The contact is in the segment of that id. */
export type SegmentLeaf = { readonly segment: string };

/** A question about a scope, as plain JSON. It is never changed after it was made. */
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | Leaf
  | EventLeaf
  | MessageLeaf
  | SegmentLeaf;

/** What can happen to a message, as conditions name it. */
export const messageTypes = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "replied",
  "deferred",
  "bounced",
  "failed",
  "held",
  "cancelled",
  "complained",
  "unsubscribed",
] as const;
export type MessageType = (typeof messageTypes)[number];
