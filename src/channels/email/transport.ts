import type { Delivery } from "../../core/message/delivery.ts";
import type { ComposedEmail } from "./compose.ts";

/** `key` is the idempotency key of the effect: the same over all attempts. */
export type DeliveryOptions = { key: string };

/**
 * One configured way out for e-mail. `deliver` never rejects for anything a server or network did: that is in the Delivery.
 * `verify` connects, signs in and sends nothing. `close` waits for mails in hand; deliveries after it are deferred.
 */
export type EmailTransport = {
  deliver(message: ComposedEmail, options: DeliveryOptions): Promise<Delivery>;
  verify(): Promise<{ ok: true } | { ok: false; reason: string }>;
  close(): Promise<void>;
};
