import type { ZodType } from "zod";
import type { Mail } from "./mail.ts";
import type { ComposedEmail, EmailTransport, StoreMail } from "./transport.ts";

/** `id` is an unguessable UUID, the same over all attempts: a message is composed the same way each time. */
export type ComposeOptions = { id: string; date: Date; envelopeFrom?: string };

export type RetryQuestion = { attempt: number; firstAttemptAt: Date; now: Date; random: number };

/**
 * A channel: how its messages are composed, by which transports they can go out, and when a deferred one is tried again.
 * `createTransport` needs settings that `transportSettings` accepted; `store` keeps what the sandbox gets.
 */
export type Channel<Settings = unknown> = {
  name: string;
  title: string;
  transportSettings: ZodType<Settings>;
  compose(mail: Mail, options: ComposeOptions): ComposedEmail;
  createTransport(settings: Settings, store: StoreMail): EmailTransport;
  /** When to try again after attempt number `attempt` (from 1), or null when the message has expired. */
  nextDeliveryAt(question: RetryQuestion): Date | null;
};
