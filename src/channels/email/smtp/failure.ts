import type { DeliveryClass, SmtpReply } from "../../../core/message/delivery.ts";

/** A conversation with a server that ended before it said what becomes of the mail. */
export class SmtpFailure extends Error {
  readonly class: DeliveryClass;
  readonly reply: SmtpReply | null;
  /** The lines said so far, when the connection did not come about. */
  transcript: string[] = [];

  constructor(kind: DeliveryClass, message: string, options: { reply?: SmtpReply; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "SmtpFailure";
    this.class = kind;
    this.reply = options.reply ?? null;
  }
}
