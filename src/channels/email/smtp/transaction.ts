import type { ComposedEmail } from "../../../core/message/transport.ts";
import type { SmtpStage } from "../classify.ts";
import type { SmtpSettings } from "../settings.ts";
import type { SmtpConnection } from "./open.ts";
import type { FullReply } from "./reply-parser.ts";
import { noteCommand, noteReply } from "./transcript.ts";

/** The reply that decided over the mail and the command it answers. `isReusable` is false when the connection must not carry another. */
export type Decision = { stage: SmtpStage; reply: FullReply; isReusable: boolean };

/** How far a mail has come; read by the caller when the connection breaks. */
export type Progress = { hasReply: boolean; isBodyFlushed: boolean; transcript: string[] };

type Transaction = { connection: SmtpConnection; message: ComposedEmail; settings: SmtpSettings; progress: Progress };

const endOfData = Buffer.from(".\r\n");

/**
 * Hands over one mail (RFC 5321, section 3.3). With PIPELINING (RFC 2920) a mail takes two round trips. Rejects with an SmtpFailure when the
 * connection breaks; `progress` then says whether the server may have the mail.
 */
export async function transact(transaction: Transaction): Promise<Decision> {
  const { connection, message } = transaction;
  // With several recipients, DATA must wait: once it is answered by 354, refused ones could no longer stop the mail.
  const isPipelined = connection.capabilities.has("PIPELINING") && message.envelope.to.length === 1;
  const refused = await (isPipelined ? pipelinedEnvelope(transaction) : steppedEnvelope(transaction));
  if (refused) return refused;
  return sendBody(transaction);
}

async function pipelinedEnvelope(transaction: Transaction): Promise<Decision | null> {
  const [mail = "", recipient = ""] = envelopeCommands(transaction);
  say(transaction, mail, recipient, "DATA");
  const mailReply = await hear(transaction, "MAIL");
  if (mailReply.code === 421) return { stage: "mail", reply: mailReply, isReusable: false };
  const recipientReply = await hear(transaction, "RCPT");
  const dataReply = await hear(transaction, "DATA");
  const stage = mailReply.code !== 250 ? "mail" : isAccepted(recipientReply) ? "data" : "rcpt";
  const reply = { mail: mailReply, rcpt: recipientReply, data: dataReply }[stage];
  if (stage === "data" && reply.code === 354) return null;
  // A server that wants the body of a mail without recipients gets none: even the final dot alone could become a mail.
  return refusal(transaction, { stage, reply, isReusable: dataReply.code !== 354 });
}

async function steppedEnvelope(transaction: Transaction): Promise<Decision | null> {
  const [mail = "", ...recipients] = envelopeCommands(transaction);
  const commands: [SmtpStage, string][] = [
    ["mail", mail],
    ...recipients.map((command): [SmtpStage, string] => ["rcpt", command]),
    ["data", "DATA"],
  ];
  for (const [stage, command] of commands) {
    say(transaction, command);
    const reply = await hear(transaction, command.slice(0, 4));
    const isRight = stage === "data" ? reply.code === 354 : isAccepted(reply);
    if (!isRight) return refusal(transaction, { stage, reply, isReusable: true });
  }
  return null;
}

async function sendBody(transaction: Transaction): Promise<Decision> {
  const { connection, message, settings, progress } = transaction;
  noteCommand(progress.transcript, `(${message.sizeBytes} bytes)`);
  connection.wire.write([...stuffed(message.raw), endOfData], () => {
    progress.isBodyFlushed = true;
  });
  const reply = await connection.wire.read(settings.timeouts.dataMs, "the end of the mail");
  noteReply(progress.transcript, reply);
  return { stage: "end", reply, isReusable: reply.code !== 421 };
}

/** Ends what the server holds of a refused mail, so that the connection can carry the next one. */
async function refusal(transaction: Transaction, decision: Decision): Promise<Decision> {
  if (!decision.isReusable || decision.reply.code === 421) return { ...decision, isReusable: false };
  say(transaction, "RSET");
  try {
    return { ...decision, isReusable: (await hear(transaction, "RSET")).code === 250 };
  } catch {
    // The mail has its answer; the wire keeps the failure, and the connection is given up.
    return { ...decision, isReusable: false };
  }
}

function envelopeCommands({ connection: { capabilities }, message: { envelope, sizeBytes } }: Transaction): string[] {
  const size = capabilities.has("SIZE") ? ` SIZE=${sizeBytes}` : "";
  const isInternational = needsUtf8(envelope);
  const utf8 = isInternational ? `${capabilities.has("8BITMIME") ? " BODY=8BITMIME" : ""} SMTPUTF8` : "";
  return [`MAIL FROM:<${envelope.from}>${size}${utf8}`, ...envelope.to.map((address) => `RCPT TO:<${address}>`)];
}

/** True when an address has letters that only a server with SMTPUTF8 (RFC 6531) can take. */
export function needsUtf8({ from, to }: ComposedEmail["envelope"]): boolean {
  return [from, ...to].some((address) => /[^\x20-\x7e]/.test(address));
}

function say({ connection, progress }: Transaction, ...commands: string[]): void {
  for (const command of commands) noteCommand(progress.transcript, command);
  connection.wire.write(`${commands.join("\r\n")}\r\n`);
}

async function hear({ connection, settings, progress }: Transaction, what: string): Promise<FullReply> {
  const reply = await connection.wire.read(settings.timeouts.commandMs, what);
  progress.hasReply = true;
  noteReply(progress.transcript, reply);
  return reply;
}

function isAccepted({ code }: FullReply): boolean {
  return code >= 250 && code < 260;
}

/** The body with dots at the start of lines doubled (RFC 5321, section 4.5.2), cut only where one is. */
export function stuffed(raw: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  if (raw[0] === 0x2e) pieces.push(Buffer.from("."));
  for (let dot = raw.indexOf("\r\n."); dot >= 0; dot = raw.indexOf("\r\n.", dot + 3)) {
    pieces.push(raw.subarray(start, dot + 3));
    start = dot + 2;
  }
  pieces.push(raw.subarray(start));
  return pieces;
}
