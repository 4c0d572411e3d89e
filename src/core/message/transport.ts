import type { Priority } from "../flow/priority.ts";
import type { Delivery } from "./delivery.ts";

export type Envelope = { from: string; to: string[] };

/** A mail as bytes, ready for a transport: CRLF lines, ended by CRLF, no dots doubled. */
export type ComposedEmail = {
  messageId: string;
  raw: Buffer;
  envelope: Envelope;
  sizeBytes: number;
  subject: string;
};

/** `key` is the idempotency key of the effect: the same over all attempts. The urgent go first; without a priority a mail is normal. */
export type DeliveryOptions = { key: string; priority?: Priority };

/**
 * One configured way out for e-mail. `deliver` never rejects for anything a server or network did: that is in the Delivery.
 * `verify` connects, signs in and sends nothing. `close` waits for mails in hand; deliveries after it are deferred.
 */
export type EmailTransport = {
  deliver(message: ComposedEmail, options: DeliveryOptions): Promise<Delivery>;
  verify(): Promise<{ ok: true } | { ok: false; reason: string }>;
  close(): Promise<void>;
};

/** Keeps a mail that goes to the sandbox; `key` is that of the effect. Throwing leaves the mail undelivered. */
export type StoreMail = (message: ComposedEmail, options: DeliveryOptions) => Promise<void>;
