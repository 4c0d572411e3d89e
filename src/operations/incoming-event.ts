import type { EventOutcome } from "../core/flow/route.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Identity } from "./resolve-contacts.ts";

/** An event as a door hands it over: identities normalised, sizes checked. `properties` are laid over the contact's. */
export type IncomingEvent = {
  name: string;
  identity: Identity;
  payload: JsonObject;
  occurredAt: Date | null;
  source: string;
  client: Json;
  target: { flowId: string; entry?: string } | null;
  properties?: JsonObject;
  joinList?: string;
};

/** Events of one request: all are stored or none. With `idempotency` (hash in hex) a repeat is answered as the first was. */
export type EventRequest = {
  workspaceId: string;
  events: IncomingEvent[];
  idempotency?: { key: string; hash: string } | undefined;
};

/** What became of one event at acceptance. `listened` says whether any flow listens to its name. */
export type RecordedEvent = { eventId: string; contactId: string; contactCreated: boolean; listened: boolean };

/** `settled`: of each event what it did, where that is known already; null where the flows are still to meet it. Empty for a repeat. */
export type EventReceipt = {
  events: RecordedEvent[];
  settled: readonly (readonly EventOutcome[] | null)[];
  replayed: boolean;
};
